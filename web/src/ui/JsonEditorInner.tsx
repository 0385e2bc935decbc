import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { linter } from "@codemirror/lint";
import { Annotation, Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";

import type { JsonEditorProps } from "./JsonEditor";

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--hf-link)" },
  { tag: tags.string, color: "var(--hf-good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--hf-wait)" },
]);

const look = EditorView.theme({
  "&": { fontSize: "13px", border: "1px solid var(--hf-line)", borderRadius: "4px", backgroundColor: "var(--hf-ground)", color: "var(--mantine-color-text)" },
  "&.cm-focused": { outline: "2px solid var(--mantine-primary-color-filled)" },
  ".cm-content": { fontFamily: "var(--mantine-font-family-monospace)", caretColor: "var(--mantine-color-text)" },
  ".cm-cursor": { borderLeftColor: "var(--mantine-color-text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--mantine-primary-color-light)" },
  ".cm-tooltip": { backgroundColor: "var(--hf-panel)", color: "var(--mantine-color-text)", borderColor: "var(--hf-line)" },
});

/** Marks a change that came by the `value`: nobody typed it. */
const given = Annotation.define<true>();

/** What is said around the field: which text tells of it, and whether that is an error. */
function told(describedBy: string, invalid: boolean) {
  return EditorView.contentAttributes.of({ ...(describedBy === "" ? {} : { "aria-describedby": describedBy }), "aria-invalid": String(invalid) });
}

/** CodeMirror in React. Tab leaves the editor, as in any field: nobody is caught in it. */
export default function JsonEditorInner({ label, value, onChange, minHeight = 200, maxHeight = 480, readOnly = false, describedBy, invalid }: JsonEditorProps & { describedBy: string; invalid: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const around = useRef(new Compartment());
  const change = useRef(onChange);
  useEffect(() => {
    change.current = onChange;
  });
  // The editor is a thing outside React: made once, and told of other values below.
  useEffect(() => {
    if (place.current === null) return;
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          history(), drawSelection(), indentOnInput(), bracketMatching(), json(), linter(emptyIsFine),
          syntaxHighlighting(colours), look, keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.lineWrapping, EditorState.readOnly.of(readOnly),
          EditorView.contentAttributes.of({ "aria-label": label, "aria-multiline": "true", role: "textbox", spellcheck: "false", tabindex: "0" }),
          around.current.of(told(describedBy, invalid)),
          EditorView.theme({ ".cm-content, .cm-gutter": { minHeight: `${minHeight}px` }, ".cm-scroller": { maxHeight: `${maxHeight}px`, overflow: "auto" } }),
          EditorView.updateListener.of((update) => {
            const typed = update.transactions.some((each) => each.docChanged && each.annotation(given) === undefined);
            if (typed) change.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
    // `value` and what is said around are what it begins with; later ones are taken over below.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [label, minHeight, maxHeight, readOnly]);
  useEffect(() => {
    // A value that did not come from typing, such as another sample.
    const made = view.current;
    if (made !== null && made.state.doc.toString() !== value) {
      made.dispatch({ changes: { from: 0, to: made.state.doc.length, insert: value }, annotations: given.of(true) });
    }
  }, [value]);
  useEffect(() => {
    view.current?.dispatch({ effects: around.current.reconfigure(told(describedBy, invalid)) });
  }, [describedBy, invalid]);
  return <div ref={place} />;
}

const parse = jsonParseLinter();
function emptyIsFine(view: EditorView) {
  return view.state.doc.toString().trim() === "" ? [] : parse(view);
}
