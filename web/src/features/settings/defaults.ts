import type { Schemas } from "@/api/client";

type Defaults = Schemas["EndpointDefaultsView"];
export type ScheduleChoice = "none" | "standard" | "meta" | "custom";
export const SCHEDULES: readonly ScheduleChoice[] = ["none", "standard", "meta", "custom"];
export type DefaultsValues = { timeout_ms: number | string; choice: ScheduleChoice; waits: string };

/** The defaults as the form shows them. */
export function toValues({ timeout_ms, schedule }: Defaults): DefaultsValues {
  const timeout = timeout_ms ?? "";
  if (!schedule) return { timeout_ms: timeout, choice: "none", waits: "" };
  if (typeof schedule === "string") return { timeout_ms: timeout, choice: schedule, waits: "" };
  return { timeout_ms: timeout, choice: "custom", waits: schedule.custom_seconds.join(", ") };
}

/** What the form says, for the server; whether the numbers may be so is the server's to say. */
export function toBody({ timeout_ms, choice, waits }: DefaultsValues): Schemas["EndpointDefaultsBody"] {
  return { timeout_ms: timeout_ms === "" ? null : Number(timeout_ms), schedule: scheduleOf(choice, waits) };
}

function scheduleOf(choice: ScheduleChoice, waits: string): Schemas["Schedule"] | null {
  if (choice === "none") return null;
  if (choice !== "custom") return choice;
  return { custom_seconds: partsOf(waits).map(Number) };
}

/** Whether the waits can be sent at all; whether they may be so is the server's to say. */
export function areNumbers(waits: string): boolean {
  return partsOf(waits).every((part) => Number.isFinite(Number(part)));
}

function partsOf(waits: string): string[] {
  return waits.split(/[\s,;]+/).filter((part) => part !== "");
}
