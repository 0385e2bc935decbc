import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { fieldErrors, isLoggedOut, retryAt } from "./problem";

type Form = { setErrors: (errors: Record<string, string>) => void; clearErrors: () => void };

/**
 * Sends a form. What the server refuses is shown at the form's `fields`; what belongs to none of them is `rest`, and
 * what was typed stays.
 */
export function useSubmit<Sent, Answer>({ form, fields, send, onDone }: {
  form: Form;
  fields: readonly string[];
  send: (values: Sent) => Promise<Answer>;
  onDone: (answer: Answer) => void;
}): { submit: (values: Sent) => void; rest: string | null; busy: boolean; clear: () => void; error: unknown; waitUntil: number | null } {
  const [waitUntil, setWaitUntil] = useState<number | null>(null);
  const [rest, setRest] = useState<string | null>(null);
  const clear = (): void => {
    form.clearErrors();
    setRest(null);
    setWaitUntil(null);
  };
  const mutation = useMutation({
    mutationFn: send,
    onSuccess: onDone,
    onError: (error) => {
      // Over the page it is asked to log in again; this form has nothing to say to that.
      if (isLoggedOut(error)) return;
      const found = fieldErrors(error, fields);
      form.setErrors(found.errors);
      setRest(found.rest);
      setWaitUntil(retryAt(error));
    },
  });
  return {
    submit: (values) => {
      clear();
      mutation.mutate(values);
    },
    rest,
    busy: mutation.isPending,
    clear,
    /** What was refused, where a form has more to say to it. */
    error: mutation.error,
    /** When, in milliseconds, another try is allowed, after too many. */
    waitUntil,
  };
}
