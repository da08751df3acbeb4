import { Button, Group, Modal, Progress, Skeleton, Stack, Table, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { activateNode, drainNode, type MediaNode } from "@/api/recording";
import { can, useMe } from "@/app/session";
import { Empty, Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { StateDot } from "@/design/StateDot";
import { useOneAtATime } from "@/design/useOneAtATime";
import { formatAge, formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { FreshBadge } from "./FreshBadge";
import { EVERY_MS, NODES, useNodes } from "./queries";
import classes from "./RecordingPage.module.css";
import { nodesInOrder, nodeTone } from "./troubles";

interface Order {
  node: MediaNode;
  drain: boolean;
}

/** The media nodes; a technician takes one out of service here, without a lost second. */
export function NodesPanel() {
  const { t } = useI18n();
  const me = useMe();
  const { data, error, refetch, dataUpdatedAt } = useNodes();
  const [order, setOrder] = useState<Order | null>(null);
  const columns = ["node", "state", "load", "heard", "version", "communes"] as const;
  const may = can(me, "configure");
  return (
    <Panel
      title={t("recording.nodes")}
      aside={<FreshBadge updatedAt={dataUpdatedAt} everyMs={EVERY_MS} />}
      className={classes.panel}
    >
      {error && !data ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
      {data || error ? null : <Skeleton h={90} m="sm" />}
      {data?.length === 0 ? (
        <Empty title={t("recording.no_node")} hint={t("recording.no_node_hint")} />
      ) : null}
      {data && data.length > 0 ? (
        <Table verticalSpacing={4} horizontalSpacing="md" fz="sm" data-testid="nodes">
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <Table.Th key={column} scope="col">
                  {t(`recording.node_${column}`)}
                </Table.Th>
              ))}
              {may ? <Table.Th scope="col">{t("recording.node_orders")}</Table.Th> : null}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodesInOrder(data).map((node) => (
              <NodeRow key={node.node_id} node={node} onOrder={may ? setOrder : undefined} />
            ))}
          </Table.Tbody>
        </Table>
      ) : null}
      {order ? <OrderDialog order={order} onClose={() => setOrder(null)} /> : null}
    </Panel>
  );
}

interface NodeRowProps {
  node: MediaNode;
  /** Absent for an agent who may not give orders. */
  onOrder: ((order: Order) => void) | undefined;
}

function NodeRow({ node, onOrder }: NodeRowProps) {
  const { t, locale } = useI18n();
  const gone = !node.alive && node.state !== "stopped";
  const share = node.capacity > 0 ? (node.cameras / node.capacity) * 100 : 0;
  const load = t("recording.load", { n: node.cameras, capacity: node.capacity });
  return (
    <Table.Tr data-testid={`node-${node.node_id}`} data-state={node.state} data-alive={node.alive}>
      <Table.Td>
        <strong>{node.node_id}</strong>
        <div className={classes.minor}>
          {t("recording.node_since", { at: formatDateTime(node.started_at, locale) })}
        </div>
      </Table.Td>
      <Table.Td>
        <span className={classes.state}>
          <StateDot tone={nodeTone(node)} />
          {gone ? t("recording.node_gone") : t(`recording.node_state.${node.state}`)}
        </span>
      </Table.Td>
      <Table.Td>
        {load}
        <Progress
          value={Math.min(100, share)}
          size="xs"
          color={share >= 100 ? "yellow" : "gray"}
          aria-label={load}
        />
        <div className={classes.minor}>{t("recording.node_yours", { n: node.camera_ids.length })}</div>
      </Table.Td>
      <Table.Td>{t("recording.ago", { age: formatAge(node.heard_seconds_ago * 1000, locale) })}</Table.Td>
      <Table.Td>{node.version || "–"}</Table.Td>
      <Table.Td>{node.communes.length === 0 ? t("recording.node_all") : node.communes.join(", ")}</Table.Td>
      {onOrder ? (
        <Table.Td>
          <Group gap={6} wrap="nowrap">
            <Button
              size="compact-sm"
              variant="default"
              disabled={node.state === "draining"}
              aria-label={t("recording.drain_of", { node: node.node_id })}
              onClick={() => onOrder({ node, drain: true })}
              data-testid={`drain-${node.node_id}`}
            >
              {t("recording.drain")}
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              disabled={node.state === "active"}
              aria-label={t("recording.activate_of", { node: node.node_id })}
              onClick={() => onOrder({ node, drain: false })}
              data-testid={`activate-${node.node_id}`}
            >
              {t("recording.activate")}
            </Button>
          </Group>
        </Table.Td>
      ) : null}
    </Table.Tr>
  );
}

/** Says what will happen before it does: the order holds until the next one, also over restarts of the node. */
function OrderDialog({ order: { node, drain }, onClose }: { order: Order; onClose: () => void }) {
  const { t } = useI18n();
  const queries = useQueryClient();
  const ordering = useMutation({
    mutationFn: () => (drain ? drainNode(node.node_id) : activateNode(node.node_id)),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: NODES }),
  });
  const give = useOneAtATime(ordering);
  const which = drain ? "drain" : "activate";
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(`recording.${which}_title`, { node: node.node_id })}
      closeButtonProps={{ "aria-label": t("recording.cancel") }}
    >
      <Stack gap="sm">
        <Text size="sm">{t(`recording.${which}_told`, { n: node.cameras })}</Text>
        {ordering.error ? <ProblemAlert error={ordering.error} compact /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("recording.cancel")}
          </Button>
          <Button
            data-autofocus
            {...(drain ? { color: "yellow" } : {})}
            loading={ordering.isPending}
            onClick={() => give()}
            data-testid="order-confirm"
          >
            {t(`recording.${which}_confirm`)}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
