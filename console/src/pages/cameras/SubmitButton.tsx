import { Button } from "@mantine/core";
import type { ReactNode } from "react";

interface SubmitButtonProps {
  pending: boolean;
  disabled?: boolean;
  children: ReactNode;
}

/** The button of a small form: it cannot be pressed twice. */
export function SubmitButton({ pending, disabled = false, children }: SubmitButtonProps) {
  return (
    <Button type="submit" variant="default" loading={pending} disabled={disabled}>
      {children}
    </Button>
  );
}
