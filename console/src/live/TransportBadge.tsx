import { Menu, Tooltip } from "@mantine/core";
import { useState } from "react";
import { useI18n } from "@/i18n/I18n";
import classes from "./LiveTile.module.css";
import type { PlayerState } from "./playerState";
import { PREFERENCES } from "./transport";
import { storePreference, useTransportPreference } from "./transportPreference";
import type { WhepFailure } from "./whep";

const SHORT = { websocket: "WS", webrtc: "RTC" } as const;

/** How the picture comes, why not otherwise, and the choice for this workstation. */
export function TransportBadge({ number, state }: { number: number; state: PlayerState }) {
  const { t } = useI18n();
  const preference = useTransportPreference();
  const [choosing, setChoosing] = useState(false);
  const { transport, fallback } = state;
  if (!transport) return null;
  const told = t(`transport.${transport}`);
  return (
    <Menu position="top-end" withinPortal opened={choosing} onChange={setChoosing}>
      <Tooltip label={<Told transport={told} fallback={fallback} />} multiline maw={320} disabled={choosing}>
        <Menu.Target>
          <button
            type="button"
            className={classes.transport}
            aria-label={t("transport.of", { n: number, transport: told })}
            data-testid="tile-transport"
            data-transport={transport}
            data-fallback={fallback?.cause}
          >
            {SHORT[transport]}
            {fallback ? "*" : null}
          </button>
        </Menu.Target>
      </Tooltip>
      <Menu.Dropdown>
        {fallback ? (
          <Menu.Label maw={320}>{t("transport.fallback", { reason: failureWords(fallback, t) })}</Menu.Label>
        ) : null}
        <Menu.Label>{t("transport.choice")}</Menu.Label>
        {PREFERENCES.map((each) => (
          <Menu.Item
            key={each}
            role="menuitemradio"
            aria-checked={each === preference}
            fw={each === preference ? 700 : undefined}
            onClick={() => storePreference(each)}
            data-testid={`transport-${each}`}
          >
            {each === preference ? "✓ " : null}
            {t(`transport.prefer_${each}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Told({ transport, fallback }: { transport: string; fallback: WhepFailure | null }) {
  const { t } = useI18n();
  return (
    <>
      {transport}
      {fallback ? (
        <>
          <br />
          {t("transport.fallback", { reason: failureWords(fallback, t) })}
        </>
      ) : null}
    </>
  );
}

function failureWords(failure: WhepFailure, t: ReturnType<typeof useI18n>["t"]): string {
  if (failure.cause !== "refused") return t(`transport.failed.${failure.cause}`);
  return failure.problem.detail || failure.problem.title;
}
