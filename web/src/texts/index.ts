import i18next from "i18next";
import { initReactI18next } from "react-i18next";

import { resources } from "./en";

/** The catalogue of texts. Another language is another folder beside `en`, of the same shape. */
void i18next.use(initReactI18next).init({
  lng: "en",
  fallbackLng: "en",
  defaultNS: "common",
  resources: { en: resources },
  interpolation: { escapeValue: false },
  returnNull: false,
});

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof resources;
  }
}

export { i18next };
