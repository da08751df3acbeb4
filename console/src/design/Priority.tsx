import { Tooltip } from "@mantine/core";
import type { Priority as PriorityCode } from "@/api/incident";
import { useI18n } from "@/i18n/I18n";
import classes from "./design.module.css";

/** Priority by word, shape and colour: a filled block for P1, an outline for P3; never by colour alone. */
export function Priority({ priority }: { priority: PriorityCode }) {
  const { word } = useI18n();
  const label = word("incident.priority", priority);
  return (
    <Tooltip label={label}>
      <span className={classes.priority} data-priority={priority} role="img" aria-label={label}>
        {priority}
      </span>
    </Tooltip>
  );
}
