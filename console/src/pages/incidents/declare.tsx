import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from "react";

/** What a declaration starts from: the cameras the operator is looking at. */
export interface Prefill {
  cameraIds: string[];
}

interface Declare {
  /** Null while the dock is closed. */
  prefill: Prefill | null;
  /** Without argument: the cameras that the page calls its subject. */
  open: (prefill?: Prefill) => void;
  close: () => void;
  setSubject: (cameraIds: string[]) => void;
}

const Context = createContext<Declare | null>(null);

export function DeclareProvider({ children }: { children: ReactNode }) {
  const [prefill, setPrefill] = useState<Prefill | null>(null);
  const subject = useRef<string[]>([]);
  const value = useMemo<Declare>(
    () => ({
      prefill,
      open: (given) => setPrefill(given ?? { cameraIds: subject.current }),
      close: () => setPrefill(null),
      setSubject: (cameraIds) => {
        subject.current = cameraIds;
      },
    }),
    [prefill],
  );
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useDeclare(): Declare {
  const value = useContext(Context);
  if (!value) throw new Error("useDeclare outside of DeclareProvider");
  return value;
}

/** Tell which camera the page is about, so that "Déclarer un incident" in the header starts from it. */
export function useDeclareSubject(cameraId: string | null): void {
  const { setSubject } = useDeclare();
  useEffect(() => {
    setSubject(cameraId ? [cameraId] : []);
    return () => setSubject([]);
  }, [cameraId, setSubject]);
}
