import { Badge, Button, Table } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { type CameraCount, type RefusedGroup, type SimulationQuestion, simulateRights } from "@/api/policy";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import { followedBy, type ListKey, listOf } from "./outlook";
import classes from "./RightsPage.module.css";

interface CameraListProps {
  question: SimulationQuestion;
  list: ListKey;
  first: CameraCount;
  /** The rule that refuses these cameras; undefined for those allowed. */
  group?: RefusedGroup;
  title: string;
  onExplain: (cameraId: string) => void;
}

/** One group of cameras: why, how many, what would open them, and the cameras themselves page by page. */
export function CameraList({ question, list, first, group, title, onExplain }: CameraListProps) {
  const { t, word } = useI18n();
  const [shown, setShown] = useState(first);
  const [open, setOpen] = useState(false);
  const more = useMutation({
    mutationFn: (after: string) =>
      simulateRights({
        ...question,
        actions: [list.action],
        after,
        ...(list.rule ? { rule: list.rule } : {}),
      }),
    onSuccess: (found) => {
      const next = listOf(found, list);
      if (next) setShown((before) => followedBy(before, next));
    },
  });
  const Mark = group ? IconCircleX : IconCircleCheck;
  const after = shown.next_after;
  return (
    <div className={classes.group} data-testid={`rights-group-${list.rule ?? "allowed"}`}>
      <div className={classes.head}>
        <Mark
          aria-hidden
          size={18}
          color={`var(--mantine-color-${group ? "red" : "teal"}-5)`}
          style={{ flex: "none" }}
        />
        <Badge variant="default" size="lg">
          {first.count}
        </Badge>
        <strong style={{ flex: "1 1 16rem" }}>{title}</strong>
        {first.count > 0 ? (
          <Button size="xs" variant="default" aria-expanded={open} onClick={() => setOpen(!open)}>
            {t(open ? "rights.hide" : "rights.show")}
          </Button>
        ) : null}
      </div>
      {group ? (
        <span className={classes.minor}>
          {group.rule} · {group.citation}
        </span>
      ) : null}
      {group && group.opened_by.length > 0 ? (
        <div>
          {t("rights.possible")}{" "}
          {group.opened_by.map((name) => (
            <Badge key={name} variant="light" tt="none" mr={6}>
              {word("rights.opened_by", name)}
            </Badge>
          ))}
        </div>
      ) : null}
      {open ? (
        <Table fz="sm" verticalSpacing={4}>
          <Table.Tbody>
            {shown.cameras.map((camera) => (
              <Table.Tr key={camera.camera_id}>
                <Table.Td fw={600}>{camera.camera_id}</Table.Td>
                <Table.Td>{camera.label}</Table.Td>
                <Table.Td>{camera.commune}</Table.Td>
                <Table.Td className={classes.number ?? ""}>
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    aria-label={`${t("rights.explain")} ${camera.camera_id}`}
                    onClick={() => onExplain(camera.camera_id)}
                    data-testid={`rights-explain-${camera.camera_id}`}
                  >
                    {t("rights.explain")}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      ) : null}
      {open && more.error ? <ProblemAlert error={more.error} compact /> : null}
      {open && after ? (
        <Button size="xs" variant="subtle" loading={more.isPending} onClick={() => more.mutate(after)}>
          {t("rights.more")} ({shown.cameras.length} / {shown.count})
        </Button>
      ) : null}
    </div>
  );
}
