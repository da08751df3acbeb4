import { PasswordInput, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type CameraChange, type CameraSheet, putCredentials, type Stream } from "@/api/fleet";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import classes from "./CamerasPage.module.css";
import { numberOf, orNull, readable, textOf } from "./fields";
import { useCameraChanged, useSave } from "./queries";
import { SaveBar } from "./SaveBar";
import { SubmitButton } from "./SubmitButton";

const ROLES = ["main", "sub"] as const;
const NUMBERS = ["width", "height", "fps", "gop_s", "bitrate_kbps"] as const;
const ADDRESSES = ["rtsp_main", "rtsp_sub", "onvif"] as const;
type Typed = Record<"codec" | (typeof NUMBERS)[number], string>;

/** What a camera sends, where it is reached, and (written, never read) what it asks of who connects. */
export function StreamsTab({ sheet, configures }: { sheet: CameraSheet; configures: boolean }) {
  const { t } = useI18n();
  const save = useSave(sheet);
  const [streams, setStreams] = useState(() => ({
    main: typed(sheet, "main"),
    sub: typed(sheet, "sub"),
  }));
  const [addresses, setAddresses] = useState({ rtsp_main: "", rtsp_sub: "", onvif: "" });
  const valid = readable(ROLES.flatMap((role) => NUMBERS.map((name) => numberOf(streams[role][name]))));
  const change = valid ? changeOf(sheet, streams, addresses) : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (change) save.mutate(change);
  };
  return (
    <>
      <form onSubmit={submit} className={classes.body}>
        {ROLES.map((role) => (
          <fieldset key={role} disabled={!configures} className={classes.fields}>
            <legend>{t(`fleet.stream.${role}`)}</legend>
            {(["codec", ...NUMBERS] as const).map((name) => (
              <TextInput
                key={name}
                label={t(`fleet.${name}`)}
                size="xs"
                value={streams[role][name]}
                onChange={(event) =>
                  setStreams({
                    ...streams,
                    [role]: { ...streams[role], [name]: event.currentTarget.value },
                  })
                }
              />
            ))}
          </fieldset>
        ))}
        {configures ? (
          <>
            <fieldset className={classes.fields}>
              <legend>{t("fleet.addresses")}</legend>
              {ADDRESSES.map((name) => (
                <TextInput
                  key={name}
                  label={t(`fleet.${name}`)}
                  placeholder={sheet.hosts?.[name] ?? t("fleet.no_address")}
                  maxLength={500}
                  value={addresses[name]}
                  onChange={(event) => setAddresses({ ...addresses, [name]: event.currentTarget.value })}
                />
              ))}
            </fieldset>
            <Text size="sm" c="dimmed">
              {t("fleet.addresses_hint")}
            </Text>
            <SaveBar cameraId={sheet.camera_id} save={save} change={change} valid={valid} />
          </>
        ) : null}
      </form>
      {configures ? <CredentialsForm sheet={sheet} /> : null}
    </>
  );
}

function CredentialsForm({ sheet }: { sheet: CameraSheet }) {
  const { t } = useI18n();
  const told = useCameraChanged();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const replacement = useMutation({
    mutationFn: () => putCredentials(sheet.camera_id, username, password),
    onSuccess: async () => {
      setUsername("");
      setPassword("");
      await told(sheet.camera_id);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    replacement.mutate();
  };
  return (
    <form onSubmit={submit} className={classes.body} autoComplete="off" data-testid="fleet-credentials">
      <Title order={3} size="h5">
        {t("fleet.credentials")}
      </Title>
      <Text size="sm" c="dimmed">
        {t(sheet.credentials_set ? "fleet.credentials_yes" : "fleet.credentials_no")}{" "}
        {t("fleet.credentials_hint")}
      </Text>
      <div className={classes.line}>
        <TextInput
          label={t("fleet.username")}
          autoComplete="off"
          maxLength={200}
          required
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("fleet.password")}
          autoComplete="new-password"
          maxLength={500}
          w="14rem"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <SubmitButton pending={replacement.isPending} disabled={username === ""}>
          {t("fleet.replace")}
        </SubmitButton>
      </div>
      {replacement.error ? <ProblemAlert error={replacement.error} /> : null}
    </form>
  );
}

function typed(sheet: CameraSheet, role: Stream["role"]): Typed {
  const stream = sheet.streams.find((one) => one.role === role);
  const names = ["codec", ...NUMBERS] as const;
  return Object.fromEntries(names.map((name) => [name, textOf(stream?.[name] ?? null)])) as Typed;
}

function changeOf(
  sheet: CameraSheet,
  streams: Record<Stream["role"], Typed>,
  addresses: Record<(typeof ADDRESSES)[number], string>,
): CameraChange | undefined {
  const written = ROLES.filter((role) => Object.values(streams[role]).some((text) => text.trim() !== "")).map(
    (role): Stream => ({
      role,
      codec: orNull(streams[role].codec),
      width: numberOf(streams[role].width),
      height: numberOf(streams[role].height),
      fps: numberOf(streams[role].fps),
      gop_s: numberOf(streams[role].gop_s),
      bitrate_kbps: numberOf(streams[role].bitrate_kbps),
    }),
  );
  const other = ROLES.some((role) =>
    (["codec", ...NUMBERS] as const).some((name) => streams[role][name] !== typed(sheet, role)[name]),
  );
  const endpoints = Object.fromEntries(
    ADDRESSES.filter((name) => addresses[name].trim() !== "").map((name) => [name, addresses[name].trim()]),
  );
  const moved = Object.keys(endpoints).length > 0;
  if (!other && !moved) return undefined;
  return { ...(other ? { equipment: { streams: written } } : {}), ...(moved ? { endpoints } : {}) };
}
