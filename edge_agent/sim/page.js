"use strict";
(() => {
  const picture = document.getElementById("picture");
  const view = document.querySelector(".window");
  const playhead = document.getElementById("playhead");
  const readout = document.getElementById("now");
  const players = [...document.querySelectorAll("audio")];
  const seconds = parseFloat(picture.style.getPropertyValue("--s"));
  const LAYOUT_Z = parseFloat(picture.style.getPropertyValue("--z")), MAX_Z = LAYOUT_Z * 16;
  let z = LAYOUT_Z, now = 0, last = players[0];

  const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(2).padStart(5, "0")}`;

  function place(s, follow) {
    now = Math.min(Math.max(s, 0), seconds);
    playhead.style.setProperty("--t", now);
    readout.textContent = clock(now);
    view.setAttribute("aria-valuenow", now.toFixed(2));
    view.setAttribute("aria-valuetext", `${now.toFixed(1)} seconds`);
    const x = now * z;
    if (follow && (x < view.scrollLeft || x > view.scrollLeft + view.clientWidth * 0.92)) {
      view.scrollLeft = x - view.clientWidth * 0.15;
    }
  }
  function seek(s) {
    place(s, true);
    for (const player of players) player.currentTime = now;
  }
  function zoom(to) {
    const middle = (view.scrollLeft + view.clientWidth / 2) / z;
    z = Math.min(Math.max(to, view.clientWidth / seconds), MAX_Z);
    picture.style.setProperty("--z", z);
    picture.classList.toggle("overview", z < LAYOUT_Z - 0.01);
    view.style.scrollBehavior = "auto";
    view.scrollLeft = middle * z - view.clientWidth / 2;
    view.style.scrollBehavior = "";
  }
  function tick() {
    const playing = players.find((player) => !player.paused);
    if (!playing) return;
    place(playing.currentTime, true);
    requestAnimationFrame(tick);
  }
  for (const player of players) {
    player.addEventListener("play", () => {
      last = player;
      for (const other of players) if (other !== player) other.pause();
      requestAnimationFrame(tick);
    });
    player.addEventListener("seeked", () => { if (player.paused && player === last) place(player.currentTime, false); });
  }
  view.addEventListener("click", (event) => {
    seek((event.clientX - picture.getBoundingClientRect().left) / z);
  });
  view.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (step) seek(now + step);
    else if (event.key === "Home") seek(0);
    else if (event.key === "End") seek(seconds);
    else if (event.key === " ") { if (!last) return; if (last.paused) last.play(); else last.pause(); }
    else if (event.key === "+" || event.key === "=") zoom(z * 2);
    else if (event.key === "-") zoom(z / 2);
    else return;
    event.preventDefault();
  });
  document.getElementById("nearer").addEventListener("click", () => zoom(z * 2));
  document.getElementById("farther").addEventListener("click", () => zoom(z / 2));
  document.getElementById("whole").addEventListener("click", () => zoom(0));
  for (const button of document.querySelectorAll("[data-at]")) {
    button.addEventListener("click", () => {
      last.pause();
      last = document.getElementById(button.dataset.track);
      seek(Math.max(0, parseFloat(button.dataset.at) - 1));
      last.play();
    });
  }
  place(0, false);
  document.querySelector(".tools").hidden = false;
})();
