import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { type PtzState, releasePtz } from "@/api/ptz";
import { useNow } from "@/design/useNow";
import { useI18n } from "@/i18n/I18n";
import { PtzTakeOver } from "./PtzTakeOver";
import { secondsLeft } from "./ptz";

interface PtzHolderProps {
  state: PtzState;
  toldAt: number;
  lostTo: string | null;
  onChanged: () => void;
  onError: (error: unknown) => void;
}

/** Who moves the camera and for how long still; lets go of it, or takes it from a lower rank. */
export function PtzHolder({ state, toldAt, lostTo, onChanged, onError }: PtzHolderProps) {
  const { t } = useI18n();
  const now = useNow();
  const [asking, setAsking] = useState(false);
  const { holder } = state;
  const seconds = holder ? secondsLeft(holder, toldAt, now) : 0;
  const held = holder !== null && seconds > 0;
  const release = () => releasePtz(state.camera_id).then(onChanged, onError);
  return (
    <div data-testid="ptz-holder" data-held={held}>
      <Group gap="xs" justify="space-between" wrap="nowrap">
        <Text size="xs" fw={held ? 600 : 400} {...(held && !holder.mine ? { c: "yellow" } : {})}>
          {!held
            ? t("ptz.free")
            : holder.mine
              ? t("ptz.mine", { seconds })
              : t("ptz.held", { name: holder.holder_name, seconds })}
        </Text>
        {held && holder.mine ? (
          <Button size="compact-xs" variant="default" onClick={release} data-testid="ptz-release">
            {t("ptz.release")}
          </Button>
        ) : null}
        {held && !holder.mine && state.may_take_over ? (
          <Button size="compact-xs" color="yellow" onClick={() => setAsking(true)} data-testid="ptz-take">
            {t("ptz.take")}
          </Button>
        ) : null}
      </Group>
      {lostTo && held && !holder.mine ? (
        <Text size="xs" c="yellow" role="status" data-testid="ptz-lost">
          {t("ptz.lost", { name: lostTo })}
        </Text>
      ) : null}
      {asking && holder ? (
        <PtzTakeOver
          cameraId={state.camera_id}
          holderName={holder.holder_name}
          onClose={() => setAsking(false)}
          onTaken={onChanged}
        />
      ) : null}
    </div>
  );
}
