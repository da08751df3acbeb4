import { useId } from "react";
import { useMe } from "@/app/session";
import { useNow } from "@/design/useNow";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { needsWatermark, watermarkAt } from "./marks";
import classes from "./Watermark.module.css";

/**
 * Name, organisation, habilitation and running time of who watches, over the whole picture, for those whose pictures
 * must carry it; nothing for the others. Put it in the same positioned element as the `<video>`, and make that element,
 * never the video alone, go full screen.
 */
export function Watermark() {
  return needsWatermark(useMe()) ? <Marks /> : null;
}

function Marks() {
  const me = useMe();
  const { locale } = useI18n();
  const now = useNow();
  const id = useId();
  const mark = watermarkAt(me, formatDateTime(new Date(now), locale), now);
  const em = (value: number) => `${value.toFixed(2)}em`;
  return (
    <div className={classes.over} aria-hidden="true" data-testid="watermark">
      <svg className={classes.marks} aria-hidden="true">
        <defs>
          <pattern
            id={id}
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(-24)"
            x={em(mark.x)}
            y={em(mark.y)}
            width={em(mark.width)}
            height={em(mark.height)}
          >
            <text x="1em" y="2em">
              {mark.lines[0]}
            </text>
            <text x="1em" y="3.3em">
              {mark.lines[1]}
            </text>
          </pattern>
        </defs>
        <rect width="100%" height="100%" fill={`url(#${id})`} />
      </svg>
    </div>
  );
}
