import { useEffect, useRef, useState } from "react";
import { type ChannelListener, type ChannelState, type LiveService, liveChannel } from "./liveChannel";

/** Listen to a service's facts while mounted; returns whether what is on screen still follows the server. */
export function useLive(service: LiveService, listener: Omit<ChannelListener, "onState">): ChannelState {
  const latest = useRef(listener);
  latest.current = listener;
  const [state, setState] = useState<ChannelState>(() => liveChannel(service).currentState);
  useEffect(() => {
    const channel = liveChannel(service);
    setState(channel.currentState);
    return channel.listen({
      onFact: (fact, envelope) => latest.current.onFact?.(fact, envelope),
      onGap: () => latest.current.onGap?.(),
      onState: setState,
    });
  }, [service]);
  return state;
}
