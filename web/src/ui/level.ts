import { createContext, useContext } from "react";

/** How deep in a page's headings its sections stand: 2 on a page of their own, 3 in a panel that has a heading itself. */
const Level = createContext<2 | 3>(2);
export const SectionLevel = Level.Provider;

export function useSectionLevel(): 2 | 3 {
  return useContext(Level);
}
