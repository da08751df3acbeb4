import { Autocomplete } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import { useCameras } from "@/cameras/useCameras";
import { useI18n } from "@/i18n/I18n";
import { askedCamera, choiceOf } from "./cameraChoice";

interface CameraFilterProps {
  /** Camera id that is asked, "" for any. */
  value: string;
  onChange: (cameraId: string) => void;
}

/** Free text that is asked once it is chosen, entered or left: half an id would be one more line of the register. */
export function CameraFilter({ value, onChange }: CameraFilterProps) {
  const { t } = useI18n();
  const { cameras = [] } = useCameras();
  const choices = useMemo(() => [...new Set(cameras.map(choiceOf))], [cameras]);
  const [typed, setTyped] = useState(value);
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    if (value === "") setTyped("");
  }, [value]);
  const ask = (text: string) => {
    const asked = askedCamera(text, cameras);
    if (asked !== value) onChange(asked);
  };
  return (
    <Autocomplete
      label={t("register.which")}
      placeholder={t("register.which_placeholder")}
      data={choices}
      limit={60}
      value={typed}
      onChange={(text) => {
        setTyped(text);
        if (text === "") ask("");
      }}
      onOptionSubmit={ask}
      onBlur={() => ask(typed)}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        ask(event.currentTarget.value);
        setOpened(false);
      }}
      dropdownOpened={opened}
      onDropdownOpen={() => setOpened(true)}
      onDropdownClose={() => setOpened(false)}
      comboboxProps={{ width: "max-content", position: "bottom-start" }}
      clearable
      data-testid="register-camera"
    />
  );
}
