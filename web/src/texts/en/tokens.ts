export const tokens = {
  title: "tokens",
} as const;
