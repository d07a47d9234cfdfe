// A banner for one's own site: it is there only while something is wrong.
(() => {
  const page = "$PAGE";
  const show = async () => {
    const answer = await fetch(`${page}/summary.json`);
    if (!answer.ok) return;
    const { status } = await answer.json();
    document.getElementById("alertifypro-status")?.remove();
    if (status.indicator === "none") return;
    const banner = document.createElement("a");
    banner.id = "alertifypro-status";
    banner.href = page;
    banner.textContent = status.description;
    banner.setAttribute("role", "status");
    banner.style.cssText = "position:fixed;inset:auto 16px 16px auto;z-index:9999;padding:10px 16px;border-radius:8px;background:#16201d;color:#fff;font:15px system-ui;text-decoration:none";
    document.body.append(banner);
  };
  show().catch(() => {});
  setInterval(() => show().catch(() => {}), 60000);
})();
