import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./design/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";
import { Providers } from "./app/Providers";
import { router } from "./app/router";
import { watchWorkload } from "./live/workload";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

watchWorkload();
createRoot(root).render(
  <StrictMode>
    <Providers>
      <RouterProvider router={router} />
    </Providers>
  </StrictMode>,
);
