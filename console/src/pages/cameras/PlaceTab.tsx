import { Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { CameraChange, CameraSheet } from "@/api/fleet";
import { useI18n } from "@/i18n/I18n";
import classes from "./CamerasPage.module.css";
import { changed, numberOf, readable, textOf } from "./fields";
import { useSave } from "./queries";
import { SaveBar } from "./SaveBar";

const OPTICS = ["azimuth_deg", "opening_deg", "range_m", "height_m"] as const;
const PLANNED = new Set(["projet", "etude", "deposee"]);

/** Where a camera stands, what carries it, and where it looks. */
export function PlaceTab({ sheet, configures }: { sheet: CameraSheet; configures: boolean }) {
  const { t, word } = useI18n();
  const save = useSave(sheet);
  const [place, setPlace] = useState({ lon: textOf(sheet.lon), lat: textOf(sheet.lat) });
  const [looks, setLooks] = useState({
    azimuth_deg: textOf(sheet.azimuth_deg),
    opening_deg: textOf(sheet.opening_deg),
    range_m: textOf(sheet.range_m),
    height_m: textOf(sheet.height_m),
  });
  const nomadic = sheet.kind === "nomade" && !PLANNED.has(sheet.status);
  const numbers = [...Object.values(place), ...Object.values(looks)].map(numberOf);
  const valid = readable(numbers) && numberOf(place.lon) !== null && numberOf(place.lat) !== null;
  const change = valid ? changeOf(sheet, place, looks) : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (change) save.mutate(change);
  };
  const { site } = sheet;
  return (
    <form onSubmit={submit} className={classes.body}>
      <fieldset disabled={!configures} className={classes.fields}>
        {(["lon", "lat"] as const).map((name) => (
          <TextInput
            key={name}
            label={t(`fleet.${name}`)}
            inputMode="decimal"
            disabled={nomadic}
            value={place[name]}
            onChange={(event) => setPlace({ ...place, [name]: event.currentTarget.value })}
            data-testid={`fleet-${name}`}
          />
        ))}
        {OPTICS.map((name) => (
          <TextInput
            key={name}
            label={t(`fleet.${name}`)}
            inputMode="decimal"
            value={looks[name]}
            onChange={(event) => setLooks({ ...looks, [name]: event.currentTarget.value })}
          />
        ))}
      </fieldset>
      <Text size="sm" c="dimmed">
        {t(nomadic ? "fleet.nomad_moves" : "fleet.voids_masks")}
      </Text>
      <div className={classes.card}>
        <strong>
          {t("fleet.site")} : {site.label}
        </strong>
        <span className={classes.minor}>
          {[
            site.address,
            site.support ? `${t("fleet.support")} : ${word("fleet.support", site.support)}` : "",
            site.link ? `${t("fleet.link")} : ${word("fleet.link", site.link)}` : "",
            site.works ? `${t("fleet.works")} : ${site.works}` : "",
          ]
            .filter(Boolean)
            .join(" · ") || site.site_id}
        </span>
      </div>
      {configures ? <SaveBar cameraId={sheet.camera_id} save={save} change={change} valid={valid} /> : null}
    </form>
  );
}

function changeOf(
  sheet: CameraSheet,
  place: Record<"lon" | "lat", string>,
  looks: Record<(typeof OPTICS)[number], string>,
): CameraChange | undefined {
  const [lon, lat] = [numberOf(place.lon) ?? sheet.lon, numberOf(place.lat) ?? sheet.lat];
  const moved = lon !== sheet.lon || lat !== sheet.lat;
  const wanted = Object.fromEntries(OPTICS.map((name) => [name, numberOf(looks[name])])) as Record<
    (typeof OPTICS)[number],
    number | null
  >;
  const optics = changed(sheet as typeof wanted, wanted);
  if (!moved && !optics) return undefined;
  return { ...(moved ? { lon, lat } : {}), ...(optics ? { optics } : {}) };
}
