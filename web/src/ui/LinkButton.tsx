import { Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import { forwardRef } from "react";

const Anchor = forwardRef<HTMLAnchorElement, Omit<ButtonProps, "href">>((props, ref) => <Button component="a" ref={ref} {...props} />);
Anchor.displayName = "Anchor";

/** A link to a page that looks like a button: it can be opened in a new tab. */
export const LinkButton = createLink(Anchor);
