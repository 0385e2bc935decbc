import { Input } from "@mantine/core";
import { lazy, Suspense, useId } from "react";

const Editor = lazy(() => import("./JsonEditorInner"));

export type JsonEditorProps = { label: string; description?: string; value: string; onChange: (text: string) => void; error?: string | null; minHeight?: number; maxHeight?: number; readOnly?: boolean };

/** An editor for JSON with colours, brackets and the place of a fault. What it needs is loaded when one is shown. */
export function JsonEditor(props: JsonEditorProps) {
  const id = useId();
  const hasError = Boolean(props.error);
  // Mantine names what stands around a field so.
  const describedBy = [props.description && `${id}-description`, hasError && `${id}-error`].filter(Boolean).join(" ");
  return (
    <Input.Wrapper id={id} label={props.label} description={props.description} error={props.error} labelElement="div">
      <Suspense fallback={<textarea className="hf-mono" aria-label={props.label} readOnly value={props.value} style={{ width: "100%", minHeight: props.minHeight ?? 200 }} />}>
        <Editor {...props} describedBy={describedBy} invalid={hasError} />
      </Suspense>
    </Input.Wrapper>
  );
}
