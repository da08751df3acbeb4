import { useRef } from "react";

interface Mutation<V> {
  mutate: (variables: V, options: { onSettled: () => void }) => void;
}

/** Sends once however fast a button is pressed: the state that disables it is published too late for that. */
export function useOneAtATime<V = void>(mutation: Mutation<V>): (variables: V) => void {
  const busy = useRef(false);
  return (variables) => {
    if (busy.current) return;
    busy.current = true;
    mutation.mutate(variables, {
      onSettled: () => {
        busy.current = false;
      },
    });
  };
}
