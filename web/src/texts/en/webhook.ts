export const webhook = {
  title: "webhook",
} as const;
