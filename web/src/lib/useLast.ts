import { useState } from "react";

/** The value, or the last one while there is none: a dialog that closes keeps its words until it is gone. */
export function useLast<T>(value: T | null): T | null {
  const [last, setLast] = useState(value);
  if (value !== null && value !== last) setLast(value);
  return value ?? last;
}
