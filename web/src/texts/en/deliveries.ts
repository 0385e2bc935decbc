export const deliveries = {
  title: "deliveries",
} as const;
