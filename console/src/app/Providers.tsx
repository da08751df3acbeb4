import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ProblemError } from "@/api/problem";
import { cssVariables, theme } from "@/design/theme";
import { I18nProvider } from "@/i18n/I18n";

/** A refusal is an answer: only a server that is away or failing is asked again. */
function worthRetrying(failures: number, error: Error): boolean {
  const status = error instanceof ProblemError ? error.status : 0;
  return failures < 3 && (status === 0 || status >= 500);
}

const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: worthRetrying, staleTime: 5_000, refetchOnWindowFocus: false },
    mutations: { retry: false },
  },
});

export function Providers({ children }: { children: ReactNode }) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} forceColorScheme="dark">
      <QueryClientProvider client={queries}>
        <I18nProvider>
          <Notifications position="bottom-left" autoClose={6000} />
          {children}
        </I18nProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
