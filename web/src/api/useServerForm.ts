import { type UseFormReturnType } from "@mantine/form";
import { useEffect } from "react";

/**
 * Takes over what the server has now, such as a colleague's change from another tab, unless something was typed:
 * then what was typed stays, and what counts as changed is told from the new values.
 */
export function useServerForm<Values extends Record<string, unknown>>(form: UseFormReturnType<Values>, values: Values): void {
  const text = JSON.stringify(values);
  useEffect(() => {
    // The form's state is its own; the server's comes from outside.
    const typed = form.isDirty();
    form.setInitialValues(values);
    if (!typed) form.setValues(values);
    // `values` and `form` are new at each rendering; what is in them is told by the text.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [text]);
}
