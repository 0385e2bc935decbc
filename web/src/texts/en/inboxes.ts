export const inboxes = {
  title: "inboxes",
} as const;
