import {
  ActionIcon,
  Button,
  Checkbox,
  Drawer,
  Group,
  MultiSelect,
  NativeSelect,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Arrete, changeArrete, recordArrete } from "@/api/arretes";
import { useCommunes } from "@/cameras/useCameras";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import type { MessageKey } from "@/i18n/translate";
import { GroundEditor } from "./GroundEditor";
import { changedTerms, type Draft, draftOf, EMPTY, FINALITES, MODES, RECIPIENTS, termsOf } from "./terms";

interface ArreteFormProps {
  /** Null: a new one. */
  arrete: Arrete | null;
  onClose: () => void;
  onSaved: (arrete: Arrete) => void;
}

/** Record an arrêté or change its terms; what the law refuses is told where it was typed. */
export function ArreteForm({ arrete, onClose, onSaved }: ArreteFormProps) {
  const { t } = useI18n();
  const [before] = useState<Draft>(() => (arrete ? draftOf(arrete) : EMPTY));
  const [draft, setDraft] = useState(before);
  const [unreadable, setUnreadable] = useState<keyof Draft | null>(null);
  const save = useMutation({
    mutationFn: (send: () => Promise<Arrete>) => send(),
    onSuccess: onSaved,
  });
  const set = (change: Partial<Draft>) => setDraft((known) => ({ ...known, ...change }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const terms = termsOf(draft);
    if ("unreadable" in terms) {
      setUnreadable(terms.unreadable);
      return;
    }
    setUnreadable(null);
    save.mutate(() =>
      arrete
        ? changeArrete(arrete.authorisation_id, {
            ...changedTerms(before, draft, terms),
            revision: arrete.revision,
          })
        : recordArrete(terms),
    );
  };
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="xl"
      title={arrete ? t("arretes.one", { number: arrete.arrete_number }) : t("arretes.new")}
    >
      <form onSubmit={submit} data-testid="arrete-form">
        <Stack gap="sm">
          <Act draft={draft} set={set} />
          <Use draft={draft} set={set} />
          {draft.mode === "EVENEMENT" ? <Windows draft={draft} set={set} /> : null}
          <GroundEditor draft={draft} set={set} />
          <Person draft={draft} set={set} />
          {unreadable ? (
            <Text c="red" size="sm" role="alert">
              {t("arretes.unreadable", { field: t(FIELD_WORDS[unreadable] ?? "arretes.number") })}
            </Text>
          ) : null}
          {save.error ? <ProblemAlert error={save.error} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("arretes.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending} data-testid="arrete-save">
              {t("arretes.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}

const FIELD_WORDS: Partial<Record<keyof Draft, MessageKey>> = {
  valid_from: "arretes.from",
  valid_until: "arretes.until",
  windows: "arretes.window",
  geojson: "arretes.ground.perimeter",
  positions: "arretes.ground.positions",
};

export interface PartProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}

function Act({ draft, set }: PartProps) {
  const { t } = useI18n();
  const { data: communes = [] } = useCommunes();
  return (
    <>
      <SimpleGrid cols={2}>
        <TextInput
          label={t("arretes.number")}
          required
          value={draft.arrete_number}
          onChange={(event) => set({ arrete_number: event.currentTarget.value })}
        />
        <TextInput
          label={t("arretes.count")}
          required
          type="number"
          min={1}
          value={draft.camera_count}
          onChange={(event) => set({ camera_count: event.currentTarget.value })}
        />
        <TextInput
          label={t("arretes.from")}
          required
          type="datetime-local"
          step={1}
          value={draft.valid_from}
          onChange={(event) => set({ valid_from: event.currentTarget.value })}
        />
        <TextInput
          label={t("arretes.until")}
          description={t("arretes.five_years")}
          required
          type="datetime-local"
          step={1}
          value={draft.valid_until}
          onChange={(event) => set({ valid_until: event.currentTarget.value })}
        />
      </SimpleGrid>
      <MultiSelect
        label={t("arretes.communes")}
        required
        searchable
        value={draft.communes}
        onChange={(value) => set({ communes: value })}
        data={communes.map(({ insee, name }) => ({ value: insee, label: name }))}
      />
    </>
  );
}

function Use({ draft, set }: PartProps) {
  const { t, word } = useI18n();
  const choices = (prefix: string, values: string[]) =>
    values.map((value) => ({ value, label: word(prefix, value) }));
  return (
    <>
      <MultiSelect
        label={t("arretes.finalites")}
        required
        value={draft.finalites}
        onChange={(value) => set({ finalites: value })}
        data={choices("finalite", FINALITES)}
      />
      <MultiSelect
        label={t("arretes.recipients")}
        value={draft.recipients}
        onChange={(value) => set({ recipients: value })}
        data={choices("organisation", RECIPIENTS)}
      />
      <SimpleGrid cols={3}>
        <TextInput
          label={t("arretes.retention_most")}
          required
          type="number"
          min={1}
          max={30}
          value={draft.retention_days}
          onChange={(event) => set({ retention_days: event.currentTarget.value })}
        />
        <TextInput
          label={t("arretes.retention_least")}
          type="number"
          min={1}
          max={30}
          value={draft.retention_min_days}
          onChange={(event) => set({ retention_min_days: event.currentTarget.value })}
        />
        <NativeSelect
          label={t("arretes.mode")}
          value={draft.mode}
          onChange={(event) => set({ mode: event.currentTarget.value })}
          data={choices("mode", MODES)}
        />
      </SimpleGrid>
      <Checkbox
        label={t("arretes.verbalisation_allowed")}
        checked={draft.verbalisation}
        onChange={(event) => set({ verbalisation: event.currentTarget.checked })}
      />
      <Checkbox
        label={t("arretes.watermark_asked")}
        description={t("arretes.watermark_help")}
        checked={draft.partner_watermark}
        onChange={(event) => set({ partner_watermark: event.currentTarget.checked })}
        data-testid="arrete-watermark"
      />
    </>
  );
}

function Windows({ draft, set }: PartProps) {
  const { t } = useI18n();
  const change = (index: number, part: { from?: string; to?: string }) =>
    set({ windows: draft.windows.map((window, at) => (at === index ? { ...window, ...part } : window)) });
  return (
    <Stack gap={4}>
      {draft.windows.map((window, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line has no other name than its place
        <Group key={index} align="end" wrap="nowrap">
          <TextInput
            type="datetime-local"
            label={t("arretes.window_from")}
            value={window.from}
            onChange={(event) => change(index, { from: event.currentTarget.value })}
          />
          <TextInput
            type="datetime-local"
            label={t("arretes.window_to")}
            value={window.to}
            onChange={(event) => change(index, { to: event.currentTarget.value })}
          />
          <ActionIcon
            aria-label={t("arretes.window_remove")}
            onClick={() => set({ windows: draft.windows.filter((_, at) => at !== index) })}
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
          onClick={() => set({ windows: [...draft.windows, { from: "", to: "" }] })}
        >
          {t("arretes.window_add")}
        </Button>
      </Group>
    </Stack>
  );
}

function Person({ draft, set }: PartProps) {
  const { t } = useI18n();
  return (
    <SimpleGrid cols={3}>
      <TextInput
        label={t("arretes.responsible")}
        value={draft.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <TextInput
        label={t("arretes.function")}
        value={draft.function}
        onChange={(event) => set({ function: event.currentTarget.value })}
      />
      <TextInput
        label={t("arretes.contact")}
        value={draft.contact}
        onChange={(event) => set({ contact: event.currentTarget.value })}
      />
    </SimpleGrid>
  );
}
