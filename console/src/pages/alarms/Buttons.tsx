import { Alert, Button, Code, CopyButton, Select, Skeleton, Table, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import {
  type ButtonProof,
  type ButtonWithSecret,
  fetchButtons,
  type NewButton,
  registerButton,
  retireButton,
} from "@/api/alarms";
import { useCommunes } from "@/cameras/useCameras";
import { Empty } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import { numberOf, readable } from "@/pages/cameras/fields";
import classes from "./AlarmsPage.module.css";

const BUTTONS = ["alarm-buttons"] as const;
const PROOFS: ButtonProof[] = ["signature", "jeton"];
const BLANK = { button_id: "", label: "", address: "", insee: "", proof: "signature" as ButtonProof };

/** The registered buttons, and the form that registers one and shows its secret once. */
export function Buttons() {
  const { t } = useI18n();
  const queries = useQueryClient();
  const [shown, setShown] = useState<ButtonWithSecret | null>(null);
  const { data, error, refetch } = useQuery({ queryKey: BUTTONS, queryFn: fetchButtons });
  const communes = useCommunes();
  const again = () => queries.invalidateQueries({ queryKey: BUTTONS });
  const retiring = useMutation({ mutationFn: retireButton, onSettled: again });
  const names = new Map(communes.data?.map((commune) => [commune.insee, commune.name]));
  return (
    <>
      <ButtonForm
        onRegistered={(button) => {
          setShown(button);
          void again();
        }}
      />
      {shown ? <Secret button={shown} onClose={() => setShown(null)} /> : null}
      {error && !data ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
      {retiring.error ? <ProblemAlert error={retiring.error} /> : null}
      {!data && !error ? <Skeleton h={60} m="sm" /> : null}
      {data?.length === 0 ? <Empty title={t("buttons.none")} /> : null}
      {data && data.length > 0 ? (
        <Table verticalSpacing={6} horizontalSpacing="md" fz="sm">
          <Table.Tbody>
            {data.map((button) => (
              <Table.Tr key={button.button_id} data-testid={`button-${button.button_id}`}>
                <Table.Td fw={600}>{button.label}</Table.Td>
                <Table.Td>
                  {[button.address, names.get(button.insee) ?? button.insee].filter(Boolean).join(", ")}
                </Table.Td>
                <Table.Td className={classes.minor ?? ""}>{button.button_id}</Table.Td>
                <Table.Td>{t(`buttons.proof.${button.proof}`)}</Table.Td>
                <Table.Td ta="right">
                  {button.retired_at ? (
                    t("buttons.retired")
                  ) : (
                    <Button
                      size="compact-sm"
                      variant="default"
                      loading={retiring.isPending && retiring.variables === button.button_id}
                      onClick={() => retiring.mutate(button.button_id)}
                    >
                      {t("buttons.retire")}
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      ) : null}
    </>
  );
}

function Secret({ button, onClose }: { button: ButtonWithSecret; onClose: () => void }) {
  const { t } = useI18n();
  return (
    <Alert
      className={classes.secret ?? ""}
      title={t("buttons.secret", { label: button.label })}
      withCloseButton
      onClose={onClose}
      data-testid="button-secret"
    >
      <Code block>{button.secret}</Code>
      <p className={classes.minor}>{t("buttons.secret_path", { path: button.path })}</p>
      <CopyButton value={button.secret}>
        {({ copy }) => (
          <Button size="compact-sm" onClick={copy}>
            {t("buttons.copy")}
          </Button>
        )}
      </CopyButton>
    </Alert>
  );
}

function ButtonForm({ onRegistered }: { onRegistered: (button: ButtonWithSecret) => void }) {
  const { t } = useI18n();
  const communes = useCommunes();
  const [words, setWords] = useState(BLANK);
  const [lon, setLon] = useState("");
  const [lat, setLat] = useState("");
  const position = { lon: numberOf(lon), lat: numberOf(lat) };
  const unreadable = !readable([position.lon, position.lat]);
  const registering = useMutation({
    mutationFn: (button: NewButton) => registerButton(button),
    onSuccess: (button) => {
      setWords(BLANK);
      setLon("");
      setLat("");
      onRegistered(button);
    },
  });
  const say = (changes: Partial<typeof BLANK>) => setWords({ ...words, ...changes });
  const placed = position.lon !== null && position.lat !== null && !unreadable;
  const ready = words.button_id && words.label && words.insee && placed;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (registering.isPending || position.lon === null || position.lat === null) return;
    registering.mutate({ ...words, lon: position.lon, lat: position.lat });
  };
  return (
    <form className={classes.form} onSubmit={submit} data-testid="button-form">
      <TextInput
        label={t("buttons.label")}
        value={words.label}
        onChange={(event) => say({ label: event.currentTarget.value })}
      />
      <TextInput
        label={t("buttons.id")}
        value={words.button_id}
        onChange={(event) => say({ button_id: event.currentTarget.value })}
      />
      <TextInput
        label={t("buttons.address")}
        value={words.address}
        onChange={(event) => say({ address: event.currentTarget.value })}
      />
      <Select
        label={t("buttons.commune")}
        searchable
        data={(communes.data ?? []).map(({ insee, name }) => ({ value: insee, label: name }))}
        value={words.insee || null}
        onChange={(insee) => say({ insee: insee ?? "" })}
      />
      <TextInput
        label={t("buttons.lon")}
        w={110}
        inputMode="decimal"
        error={Number.isNaN(position.lon) ? t("fleet.unreadable_number") : null}
        value={lon}
        onChange={(event) => setLon(event.currentTarget.value)}
      />
      <TextInput
        label={t("buttons.lat")}
        w={110}
        inputMode="decimal"
        error={Number.isNaN(position.lat) ? t("fleet.unreadable_number") : null}
        value={lat}
        onChange={(event) => setLat(event.currentTarget.value)}
      />
      <Select
        label={t("buttons.proof")}
        allowDeselect={false}
        data={PROOFS.map((value) => ({ value, label: t(`buttons.proof.${value}`) }))}
        value={words.proof}
        onChange={(proof) => say({ proof: (proof ?? "signature") as ButtonProof })}
      />
      <Button type="submit" disabled={!ready} loading={registering.isPending} data-testid="button-register">
        {t("buttons.register")}
      </Button>
      {registering.error ? <ProblemAlert error={registering.error} /> : null}
    </form>
  );
}
