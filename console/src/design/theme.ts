import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** Cool greys of the dark room: 0 is text, 7 the page, 9 the deepest. Ratios on 7: 0 ≥ 13:1, 2 ≥ 6:1, 3 ≥ 5:1. */
const dark: MantineColorsTuple = [
  "#e6eaf0",
  "#c3cad5",
  "#9aa5b4",
  "#8793a3",
  "#3a4554",
  "#2a333f",
  "#1d252f",
  "#151b23",
  "#10151b",
  "#0a0d11",
];

/** The one colour that means "you can act on this". Nothing else is blue. */
const accent: MantineColorsTuple = [
  "#e8f1ff",
  "#d0e1fb",
  "#a3c4f5",
  "#7fb0f5",
  "#4d8cea",
  "#3579dd",
  "#2a6acb",
  "#2059b0",
  "#194a95",
  "#0f3a7a",
];

const SYSTEM_FONT = 'system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
const MONOSPACE_FONT = 'ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace';

const small = { defaultProps: { size: "sm" } };

export const theme = createTheme({
  colors: { dark, accent },
  primaryColor: "accent",
  primaryShade: 6,
  fontFamily: SYSTEM_FONT,
  fontFamilyMonospace: MONOSPACE_FONT,
  headings: { fontFamily: SYSTEM_FONT, fontWeight: "600" },
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  lineHeights: { xs: "1.3", sm: "1.4", md: "1.45", lg: "1.5", xl: "1.5" },
  spacing: { xs: "0.375rem", sm: "0.5rem", md: "0.75rem", lg: "1rem", xl: "1.5rem" },
  defaultRadius: "sm",
  focusRing: "auto",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: small,
    TextInput: small,
    Textarea: small,
    Select: small,
    MultiSelect: small,
    NativeSelect: small,
    Checkbox: small,
    SegmentedControl: small,
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: "md" } },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true } },
    Loader: { defaultProps: { size: "sm", type: "dots" } },
    Badge: { defaultProps: { radius: "sm", variant: "light", tt: "none", fw: 600 } },
  },
});

/** Meanings, as CSS variables: a page never names a raw colour. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {
    "--v-online": "#3fc38a",
    "--v-offline": "#ff7a6b",
    "--v-unknown": "#e0b34a",
    "--v-no-stream": "#8793a3",
    "--v-p1": "#ff6b5e",
    "--v-p1-ink": "#1a0604",
    "--v-p2": "#f2b13c",
    "--v-p2-ink": "#1c1202",
    "--v-p3": "#9fb3c8",
    "--v-p3-ink": "#0c141c",
  },
  light: {},
  dark: {
    "--v-surface": "var(--mantine-color-dark-6)",
    "--v-raised": "var(--mantine-color-dark-5)",
    "--v-deep": "var(--mantine-color-dark-8)",
    "--v-line": "var(--mantine-color-dark-4)",
    "--mantine-color-error": "#ff8f84",
    "--mantine-color-anchor": "var(--mantine-color-accent-3)",
  },
});
