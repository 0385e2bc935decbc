export const team = {
  title: "team",
} as const;
