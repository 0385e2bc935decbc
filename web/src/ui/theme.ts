import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

/** The one accent: a teal that has enough contrast with white from shade 7 on. */
const ferry: MantineColorsTuple = [
  "#e6f7f9", "#d2ecf0", "#a3d8e0", "#72c3d0", "#4bb1c1", "#32a6b9", "#1f9db2", "#0b7285", "#0a6575", "#04515f",
];

export const theme = createTheme({
  primaryColor: "ferry",
  primaryShade: { light: 7, dark: 7 },
  colors: { ferry },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: "600", sizes: { h1: { fontSize: "1.375rem" }, h2: { fontSize: "1.0625rem" }, h3: { fontSize: "0.9375rem" } } },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Tooltip: { defaultProps: { withArrow: true, openDelay: 150, events: { hover: true, focus: true, touch: true } } },
    Modal: { defaultProps: { centered: true, closeButtonProps: { "aria-label": "Close" } } },
    // A menu's first entry gets the focus, and not an empty element that a menu may not have (ARIA).
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    // Else each dialog's head counts as one more banner of the page.
    ModalHeader: { defaultProps: { role: "none" } },
    DrawerHeader: { defaultProps: { role: "none" } },
    Drawer: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
    Notification: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
  },
});

/** Status colours, each with enough contrast on its ground (WCAG AA), in both schemes; see theme.css. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#5c6670",
    "--mantine-color-error": "#b42318",
    "--hf-good": "#18743c", "--hf-good-ground": "#e8f6ed",
    "--hf-wait": "#8a5300", "--hf-wait-ground": "#fdf3e1",
    "--hf-bad": "#b42318", "--hf-bad-ground": "#fdecea",
    "--hf-off": "#525b65", "--hf-off-ground": "#eef0f2",
    "--hf-line": "#dfe3e8", "--hf-ground": "#ffffff", "--hf-panel": "#f7f8fa",
    "--hf-chart-good": "#3aa564", "--hf-chart-bad": "#d9483b", "--hf-chart-wait": "#e0a030",
    "--hf-link": "#0a6575",
  },
  dark: {
    "--mantine-color-dimmed": "#a3adb8",
    "--mantine-color-error": "#ff8a80",
    "--mantine-color-body": "#14171a",
    "--hf-good": "#6fd596", "--hf-good-ground": "#15301f",
    "--hf-wait": "#f2bd62", "--hf-wait-ground": "#352710",
    "--hf-bad": "#ff8f86", "--hf-bad-ground": "#3c1a18",
    "--hf-off": "#b3bcc6", "--hf-off-ground": "#2a2f35",
    "--hf-line": "#30363d", "--hf-ground": "#14171a", "--hf-panel": "#1b1f24",
    "--hf-chart-good": "#3f9f63", "--hf-chart-bad": "#d7574c", "--hf-chart-wait": "#c98f2f",
    "--hf-link": "#72c3d0",
  },
});
