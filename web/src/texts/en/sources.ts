export const sources = {
  title: "sources",
} as const;
