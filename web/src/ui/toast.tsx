import { notifications } from "@mantine/notifications";

/** Says that something was done. */
export function told(message: string): void {
  notifications.show({ message, color: "ferry", autoClose: 4_000 });
}

/** Says that something failed; stays until it is closed. */
export function failed(error: unknown): void {
  notifications.show({ message: error instanceof Error ? error.message : String(error), color: "red", autoClose: false });
}
