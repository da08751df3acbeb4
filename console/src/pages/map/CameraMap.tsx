import "maplibre-gl/dist/maplibre-gl.css";
import {
  type GeoJSONSource,
  type LngLat,
  type MapLayerMouseEvent,
  Map as MapLibre,
  Popup,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import type { Coverage, Place } from "@/api/geography";
import type { Camera, Contours } from "@/api/registry";
import { Empty } from "@/design/Panel";
import { useI18n } from "@/i18n/I18n";
import { CONES_FROM_ZOOM, coneFeatures } from "./cones";
import classes from "./MapPage.module.css";
import { boundsOf, CLUSTER_MAX_ZOOM, cameraFeatures, mapStyle } from "./mapStyle";

setWorkerUrl(workerUrl);

const CLOSE_UP = CLUSTER_MAX_ZOOM + 1;
const FIT = { padding: 24, duration: 0 } as const;

interface CameraMapProps {
  contours: Contours;
  cameras: readonly Camera[];
  chosen: Camera | null;
  onChoose: (cameraId: string) => void;
  /** The ground that the chosen camera covers. */
  coverage: Coverage | null;
  /** A spot that was asked about, by a right click or a long press. */
  place: Place | null;
  onPlace: (place: Place) => void;
  /** What the card over the chosen camera, or over the spot, shows. */
  card: ReactNode;
}

/** The map itself: contours, clustered cameras, cones, one card. Works without any network but our own API. */
export function CameraMap(props: CameraMapProps) {
  const { contours, cameras, chosen, onChoose, coverage, place, onPlace, card } = props;
  const { t } = useI18n();
  const frame = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<MapLibre | null>(null);
  const [unavailable, setUnavailable] = useState(false);
  const [cardRoot] = useState(() => document.createElement("div"));
  const choose = useRef(onChoose);
  choose.current = onChoose;
  const ask = useRef(onPlace);
  ask.current = onPlace;

  useEffect(() => {
    if (!frame.current) return;
    let made: MapLibre;
    try {
      made = new MapLibre({
        container: frame.current,
        style: mapStyle(contours),
        bounds: boundsOf(contours) ?? [1.6, 48.9, 2.6, 49.25],
        fitBoundsOptions: FIT,
        attributionControl: false,
        dragRotate: false,
        pitchWithRotate: false,
        maxZoom: 19,
        minZoom: 8,
        fadeDuration: 0,
      });
    } catch {
      setUnavailable(true);
      return;
    }
    made.touchZoomRotate.disableRotation();
    made.on("load", () => setMap(made));
    made.on("click", "cameras", (event: MapLayerMouseEvent) => {
      const id: unknown = event.features?.[0]?.properties.camera_id;
      if (typeof id === "string") choose.current(id);
    });
    made.on("click", "clusters", (event: MapLayerMouseEvent) => void openCluster(made, event));
    askByHand(made, (lngLat) => ask.current({ lon: lngLat.lng, lat: lngLat.lat }));
    for (const layer of ["cameras", "clusters"]) {
      made.on("mouseenter", layer, () => {
        made.getCanvas().style.cursor = "pointer";
      });
      made.on("mouseleave", layer, () => {
        made.getCanvas().style.cursor = "";
      });
    }
    return () => {
      setMap(null);
      made.remove();
    };
  }, [contours]);

  useEffect(() => {
    map?.getSource<GeoJSONSource>("cameras")?.setData(cameraFeatures(cameras));
  }, [map, cameras]);

  useEffect(() => {
    if (!map) return;
    const draw = () => {
      const seen = map.getZoom() >= CONES_FROM_ZOOM ? cameras : [];
      const [[west, south], [east, north]] = map.getBounds().toArray();
      map.getSource<GeoJSONSource>("cones")?.setData(coneFeatures(seen, [west, south, east, north]));
    };
    draw();
    map.on("moveend", draw);
    return () => {
      map.off("moveend", draw);
    };
  }, [map, cameras]);

  useEffect(() => {
    map
      ?.getSource<GeoJSONSource>("coverage")
      ?.setData({ type: "FeatureCollection", features: coverage ? [coverage] : [] });
  }, [map, coverage]);

  const id = chosen?.camera_id ?? "";
  const spot = chosen ?? place;
  const { lon = 0, lat = 0 } = spot ?? {};
  const shown = spot !== null;
  useEffect(() => {
    if (!map) return;
    map.setFilter("chosen", ["==", ["get", "camera_id"], id]);
    if (!shown) return;
    if (id && (map.getZoom() < CLOSE_UP || !map.getBounds().contains([lon, lat]))) {
      map.jumpTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), CLOSE_UP) });
    }
    const popup = new Popup({
      closeButton: false,
      closeOnClick: false,
      maxWidth: "320px",
      offset: 14,
      focusAfterOpen: false,
    })
      .setLngLat([lon, lat])
      .setDOMContent(cardRoot)
      .addTo(map);
    return () => {
      popup.remove();
    };
  }, [map, id, shown, lon, lat, cardRoot]);

  if (unavailable) return <Empty title={t("map.unavailable")} />;
  return (
    <>
      <div
        ref={frame}
        className={classes.map}
        data-testid="map"
        data-ready={map !== null}
        role="application"
        aria-label={t("map.label")}
      />
      {map ? (
        <MapButtons
          onHome={() => map.fitBounds(boundsOf(contours) ?? map.getBounds(), FIT)}
          onZoom={(step) => map.zoomTo(map.getZoom() + step, { duration: 150 })}
        />
      ) : null}
      {shown ? createPortal(card, cardRoot) : null}
    </>
  );
}

function MapButtons({ onHome, onZoom }: { onHome: () => void; onZoom: (step: number) => void }) {
  const { t } = useI18n();
  return (
    <div className={classes.buttons}>
      <button type="button" aria-label={t("map.zoom_in")} title={t("map.zoom_in")} onClick={() => onZoom(1)}>
        +
      </button>
      <button
        type="button"
        aria-label={t("map.zoom_out")}
        title={t("map.zoom_out")}
        onClick={() => onZoom(-1)}
      >
        −
      </button>
      <button type="button" aria-label={t("map.home")} title={t("map.home")} onClick={onHome}>
        ⌂
      </button>
    </div>
  );
}

const LONG_PRESS_MS = 550;

/** Call back for a right click, and for a finger that stays where it is. */
function askByHand(map: MapLibre, onAsk: (lngLat: LngLat) => void): void {
  let pressing: number | undefined;
  const lift = () => window.clearTimeout(pressing);
  map.on("contextmenu", (event) => {
    event.originalEvent.preventDefault();
    onAsk(event.lngLat);
  });
  map.on("touchstart", (event) => {
    lift();
    if (event.points.length === 1) pressing = window.setTimeout(() => onAsk(event.lngLat), LONG_PRESS_MS);
  });
  for (const gesture of ["touchend", "touchcancel", "touchmove"] as const) map.on(gesture, lift);
}

async function openCluster(map: MapLibre, event: MapLayerMouseEvent): Promise<void> {
  const feature = event.features?.[0];
  const cluster: unknown = feature?.properties.cluster_id;
  if (typeof cluster !== "number") return;
  const zoom = await map.getSource<GeoJSONSource>("cameras")?.getClusterExpansionZoom(cluster);
  map.easeTo({ center: event.lngLat, zoom: zoom ?? map.getZoom() + 2, duration: 250 });
}
