import {
  Button,
  Group,
  MultiSelect,
  NativeSelect,
  SegmentedControl,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useMemo, useRef, useState } from "react";
import { newIdempotencyKey } from "@/api/idempotencyKey";
import { declareIncident, type Incident, ORIGINS, type Origin, type Priority } from "@/api/incident";
import { asProblem } from "@/api/problem";
import { useCameras, useCommunes } from "@/cameras/useCameras";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import { INCIDENTS, useNomenclature } from "./queries";

const OPTIONS_AT_ONCE = 60;
const PRIORITIES: Priority[] = ["P1", "P2", "P3"];

interface IncidentFormProps {
  cameraIds: string[];
  onDeclared: (incident: Incident) => void;
  onCancel: () => void;
}

/** Declaration of an incident: four fields are enough, the rest has a default. */
export function IncidentForm({ cameraIds, onDeclared, onCancel }: IncidentFormProps) {
  const { t, word } = useI18n();
  const queries = useQueryClient();
  const nomenclature = useNomenclature();
  const communes = useCommunes();
  const { cameras = [], byId } = useCameras();

  const [code, setCode] = useState<string | null>(null);
  const [chosenPriority, setChosenPriority] = useState<Priority | null>(null);
  const [origin, setOrigin] = useState<Origin>("ronde");
  const [chosenCameras, setChosenCameras] = useState(cameraIds);
  const [chosenInsee, setChosenInsee] = useState<string | null>(null);
  const [address, setAddress] = useState("");
  const [facts, setFacts] = useState("");
  const [tried, setTried] = useState(false);
  // One key for this form: however often it is sent, it is one incident.
  const key = useRef(newIdempotencyKey());

  const kind = nomenclature.data?.find((item) => item.code === code);
  const priority = chosenPriority ?? kind?.priority ?? null;
  const firstCamera = byId.get(chosenCameras[0] ?? "");
  const insee = chosenInsee ?? firstCamera?.insee ?? null;

  const kinds = useMemo(() => {
    const families = Map.groupBy(nomenclature.data ?? [], (item) => item.family);
    return [...families].map(([group, items]) => ({
      group,
      items: items.map((item) => ({ value: item.code, label: `${item.label} · ${item.priority}` })),
    }));
  }, [nomenclature.data]);
  const cameraOptions = useMemo(
    () => cameras.map((camera) => ({ value: camera.camera_id, label: `${camera.label} (${camera.code})` })),
    [cameras],
  );

  const declaration = useMutation({
    mutationFn: () =>
      declareIncident(
        {
          code: code ?? "",
          camera_ids: chosenCameras,
          ...(insee ? { insee } : {}),
          ...(address ? { address } : {}),
          ...(firstCamera ? { lon: firstCamera.lon, lat: firstCamera.lat } : {}),
          origin,
          facts,
          ...(chosenPriority ? { priority: chosenPriority } : {}),
        },
        key.current,
      ),
    onSuccess: (incident) => {
      void queries.invalidateQueries({ queryKey: INCIDENTS });
      onDeclared(incident);
    },
    onError: (error) => {
      // Refused: what is corrected is another declaration. No answer: it may have been received, keep the key.
      const { status } = asProblem(error);
      if (status >= 400 && status < 500) key.current = newIdempotencyKey();
    },
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (code && insee && facts.trim() && !declaration.isPending) declaration.mutate();
  };

  return (
    <form onSubmit={submit} noValidate data-testid="incident-form">
      <Stack gap="md">
        <Select
          label={t("form.code")}
          placeholder={t("form.code_placeholder")}
          data={kinds}
          value={code}
          onChange={setCode}
          searchable
          withAsterisk
          data-autofocus
          autoFocus
          maxDropdownHeight={340}
          error={tried && !code ? t("form.code_required") : null}
          data-testid="incident-code"
        />
        <div>
          <Text size="sm" fw={500} id="priority-label" mb={2}>
            {t("form.priority")}
          </Text>
          <SegmentedControl
            fullWidth
            aria-labelledby="priority-label"
            value={priority ?? ""}
            onChange={(value) => setChosenPriority(value as Priority)}
            data={PRIORITIES.map((value) => ({ value, label: value }))}
          />
          <Text size="xs" c="dimmed" mt={2}>
            {priority ? word("incident.priority", priority) : "\u00a0"}
          </Text>
        </div>
        <NativeSelect
          label={t("form.origin")}
          value={origin}
          onChange={(event) => setOrigin(event.currentTarget.value as Origin)}
          data={ORIGINS.map((value) => ({ value, label: word("incident.origin", value) }))}
        />
        <MultiSelect
          label={t("form.cameras")}
          placeholder={chosenCameras.length === 0 ? t("form.cameras_placeholder") : ""}
          data={cameraOptions}
          value={chosenCameras}
          onChange={setChosenCameras}
          searchable
          limit={OPTIONS_AT_ONCE}
          maxValues={16}
          data-testid="incident-cameras"
        />
        <NativeSelect
          label={t("form.commune")}
          withAsterisk
          value={insee ?? ""}
          onChange={(event) => setChosenInsee(event.currentTarget.value || null)}
          data={[
            { value: "", label: "—" },
            ...(communes.data ?? []).map((commune) => ({ value: commune.insee, label: commune.name })),
          ]}
          error={tried && !insee ? t("form.commune_required") : null}
        />
        <TextInput
          label={t("form.address")}
          placeholder={t("form.address_placeholder")}
          maxLength={300}
          value={address}
          onChange={(event) => setAddress(event.currentTarget.value)}
        />
        <Textarea
          label={t("form.facts")}
          description={t("form.facts_hint")}
          placeholder={t("form.facts_placeholder")}
          withAsterisk
          autosize
          minRows={3}
          maxRows={8}
          maxLength={4000}
          value={facts}
          onChange={(event) => setFacts(event.currentTarget.value)}
          error={tried && !facts.trim() ? t("form.facts_required") : null}
          data-testid="incident-facts"
        />
        {declaration.error ? <ProblemAlert error={declaration.error} /> : null}
        {nomenclature.error ? (
          <ProblemAlert error={nomenclature.error} onRetry={() => void nomenclature.refetch()} />
        ) : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            {t("form.cancel")}
          </Button>
          <Button type="submit" loading={declaration.isPending} data-testid="incident-submit">
            {t("form.submit")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
