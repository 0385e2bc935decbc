import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";

type Props = ButtonProps & { children: ReactNode; onClick?: () => void; type?: "button" | "submit"; form?: string; autoFocus?: boolean; reason?: string | null | false };

/** A button; where it cannot be used it stays reachable and says why. */
export function ActionButton({ reason, onClick, type = "button", children, ...rest }: Props) {
  if (!reason) return <Button type={type} onClick={onClick} {...rest}>{children}</Button>;
  return (
    <Tooltip label={reason} multiline maw={320}>
      <Button type="button" data-disabled aria-disabled onClick={(event) => event.preventDefault()} {...rest}>
        {children}
        <span className="hf-ear">({reason})</span>
      </Button>
    </Tooltip>
  );
}
