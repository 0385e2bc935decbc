/** What a job's progress is drawn from: the fields of the API's job that it needs. */
export type JobData = {
  kind: string;
  state: string;
  total: number;
  /** Counting stopped at `total`, and there may be more. */
  total_is_open: boolean;
  done: number;
  skipped: number;
  last_error?: string | null;
};

export const JOB_KINDS = ["replay", "recover", "retry", "cancel"] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** A kind that this dashboard has words for. */
export function jobKind(kind: string): JobKind | null {
  return JOB_KINDS.find((each) => each === kind) ?? null;
}

/**
 * How full the bar is, from 0 to 1; `null` where nobody knows, because counting stopped before the end. One that is
 * over is full, whatever was counted: what had changed meanwhile was neither done nor skipped.
 */
export function jobShare(job: JobData): number | null {
  if (job.state === "finished") return 1;
  const past = job.done + job.skipped;
  if (job.total_is_open && past >= job.total) return null;
  return job.total === 0 ? 0 : Math.min(1, past / job.total);
}
