import {
  ActionIcon,
  Button,
  Checkbox,
  Drawer,
  Group,
  NativeSelect,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { changeNeed, type Need, surveyNeed } from "@/api/planning";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import { FINALITES } from "@/pages/arretes/terms";
import { type NeedDraft, needDraft, needTerms } from "./draft";

const KINDS = ["fixe", "ptz", "panoramique", "multi_capteur", "nomade"];
const WORKS = ["fibre", "mat", "energie", "genie_civil", "facade", "radio", "autre"];

interface NeedFormProps {
  /** Null: a new one. */
  need: Need | null;
  communes: Map<string, string>;
  /** The commune that is looked at, "" for all. */
  insee: string;
  onClose: () => void;
  onSaved: () => void;
}

/** Survey a need, or change it: content, status, year, the camera that meets it. */
export function NeedForm({ need, communes, insee, onClose, onSaved }: NeedFormProps) {
  const { t, word } = useI18n();
  const first = insee || [...communes.keys()][0] || "";
  const [draft, setDraft] = useState<NeedDraft>(() => needDraft(need, first));
  const [unreadable, setUnreadable] = useState(false);
  const save = useMutation({ mutationFn: (send: () => Promise<Need>) => send(), onSuccess: onSaved });
  const set = (change: Partial<NeedDraft>) => setDraft((known) => ({ ...known, ...change }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const terms = needTerms(draft);
    setUnreadable(terms === null);
    if (!terms) return;
    const { insee: commune, ...rest } = terms;
    save.mutate(() =>
      need
        ? changeNeed(need, {
            ...rest,
            ...(draft.status ? { status: draft.status } : {}),
            camera_id: draft.camera_id || null,
          })
        : surveyNeed({ insee: commune, ...rest }),
    );
  };
  const choices = (prefix: string, values: string[]) =>
    values.map((value) => ({ value, label: word(prefix, value) }));
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={need ? t("planning.need", { reference: need.reference }) : t("planning.new")}
    >
      <form onSubmit={submit} data-testid="need-form">
        <Stack gap="sm">
          {need ? null : (
            <NativeSelect
              label={t("planning.commune")}
              value={draft.insee}
              onChange={(event) => set({ insee: event.currentTarget.value })}
              data={[...communes].map(([value, label]) => ({ value, label }))}
            />
          )}
          <TextInput
            label={t("planning.place")}
            required
            value={draft.place}
            onChange={(event) => set({ place: event.currentTarget.value })}
          />
          <SimpleGrid cols={2}>
            <TextInput
              label={t("planning.lon")}
              value={draft.lon}
              onChange={(event) => set({ lon: event.currentTarget.value })}
            />
            <TextInput
              label={t("planning.lat")}
              value={draft.lat}
              onChange={(event) => set({ lat: event.currentTarget.value })}
            />
            <NativeSelect
              label={t("planning.kind")}
              value={draft.camera_kind}
              onChange={(event) => set({ camera_kind: event.currentTarget.value })}
              data={choices("camera.kind", KINDS)}
            />
            <NativeSelect
              label={t("planning.finalite")}
              value={draft.finalite}
              onChange={(event) => set({ finalite: event.currentTarget.value })}
              data={choices("finalite", FINALITES)}
            />
          </SimpleGrid>
          <TextInput
            label={t("planning.motive")}
            required
            value={draft.motive}
            onChange={(event) => set({ motive: event.currentTarget.value })}
          />
          <SimpleGrid cols={3}>
            <TextInput
              label={t("planning.requested_by")}
              value={draft.requested_by}
              onChange={(event) => set({ requested_by: event.currentTarget.value })}
            />
            <TextInput
              label={t("planning.surveyed_on")}
              required
              type="date"
              value={draft.surveyed_on}
              onChange={(event) => set({ surveyed_on: event.currentTarget.value })}
            />
            <NativeSelect
              label={t("planning.priority")}
              value={draft.priority}
              onChange={(event) => set({ priority: event.currentTarget.value })}
              data={["1", "2", "3"]}
            />
          </SimpleGrid>
          <TextInput
            label={t("planning.camera_cost")}
            required
            value={draft.cost}
            onChange={(event) => set({ cost: event.currentTarget.value })}
          />
          <WorksLines draft={draft} set={set} />
          <SimpleGrid cols={2}>
            <TextInput
              label={t("planning.budget_year")}
              type="number"
              value={draft.budget_year}
              onChange={(event) => set({ budget_year: event.currentTarget.value })}
            />
            {need ? (
              <NativeSelect
                label={t("planning.move_to")}
                value={draft.status}
                onChange={(event) => set({ status: event.currentTarget.value })}
                data={[{ value: "", label: t("planning.stay") }, ...choices("need", need.next)]}
                data-testid="need-move"
              />
            ) : null}
          </SimpleGrid>
          <Checkbox
            label={t("planning.year_fixed")}
            checked={draft.year_fixed}
            onChange={(event) => set({ year_fixed: event.currentTarget.checked })}
          />
          {need ? (
            <TextInput
              label={t("planning.camera")}
              value={draft.camera_id}
              onChange={(event) => set({ camera_id: event.currentTarget.value })}
            />
          ) : null}
          <TextInput
            label={t("planning.note")}
            value={draft.note}
            onChange={(event) => set({ note: event.currentTarget.value })}
          />
          {unreadable ? (
            <Text c="red" size="sm" role="alert">
              {t("planning.unreadable")}
            </Text>
          ) : null}
          {save.error ? <ProblemAlert error={save.error} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("planning.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending} data-testid="need-save">
              {t("planning.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}

interface WorksLinesProps {
  draft: NeedDraft;
  set: (change: Partial<NeedDraft>) => void;
}

function WorksLines({ draft, set }: WorksLinesProps) {
  const { t, word } = useI18n();
  const change = (index: number, part: Partial<NeedDraft["works"][number]>) =>
    set({ works: draft.works.map((works, at) => (at === index ? { ...works, ...part } : works)) });
  return (
    <Stack gap={4}>
      {draft.works.map((works, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line has no other name than its place
        <Group key={index} align="end" wrap="nowrap">
          <NativeSelect
            label={t("planning.works")}
            value={works.kind}
            onChange={(event) => change(index, { kind: event.currentTarget.value })}
            data={WORKS.map((value) => ({ value, label: word("works", value) }))}
          />
          <TextInput
            flex={1}
            label={t("planning.works_label")}
            value={works.label}
            onChange={(event) => change(index, { label: event.currentTarget.value })}
          />
          <TextInput
            w="8rem"
            label={t("planning.works_cost")}
            value={works.cost}
            onChange={(event) => change(index, { cost: event.currentTarget.value })}
          />
          <ActionIcon
            aria-label={t("planning.works_remove")}
            onClick={() => set({ works: draft.works.filter((_, at) => at !== index) })}
          >
            <IconTrash aria-hidden size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Group>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus aria-hidden size={14} />}
          onClick={() => set({ works: [...draft.works, { kind: "fibre", label: "", cost: "0" }] })}
        >
          {t("planning.works_add")}
        </Button>
      </Group>
    </Stack>
  );
}
