export const eventTypes = {
  title: "eventTypes",
} as const;
