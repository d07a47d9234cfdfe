// The console: routes and frame.
document.getElementById("app").textContent = "AlertifyPro";
