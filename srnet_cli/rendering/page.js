(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");

  function say(words) {
    document.getElementById("said").textContent = words;
  }

  // Files opened from a disk may not use the clipboard in every browser; a selection always works.
  function copyBySelection(text) {
    var area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    document.body.appendChild(area);
    area.select();
    var done = document.execCommand("copy");
    area.remove();
    return done;
  }

  function copied(button, worked) {
    var label = button.dataset.label || button.textContent;
    button.dataset.label = label;
    button.textContent = worked ? "Copied" : "Failed";
    say(worked ? "Copied" : "The browser does not let this page copy");
    setTimeout(function () { button.textContent = label; }, 1500);
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("button.copy");
    if (!button) { return; }
    var text = button.dataset.copy;
    function again() { copied(button, copyBySelection(text)); button.focus(); }
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(text).then(function () { copied(button, true); }, again);
    } else { again(); }
  });

  // Marks of a plot: one of them is reached by the tabulator, the arrow keys lead to the others.
  document.querySelectorAll("figure").forEach(function (figure) {
    var marks = Array.from(figure.querySelectorAll("a.mark"));
    var readout = figure.querySelector(".readout");
    if (!marks.length) { return; }
    marks.forEach(function (mark, place) {
      mark.setAttribute("tabindex", place ? "-1" : "0");
      function show() { if (readout) { readout.textContent = mark.getAttribute("aria-label"); } }
      mark.addEventListener("mouseenter", show);
      mark.addEventListener("focus", show);
      mark.addEventListener("keydown", function (event) {
        var next = { ArrowRight: place + 1, ArrowDown: place + 1, ArrowLeft: place - 1,
          ArrowUp: place - 1, Home: 0, End: marks.length - 1 }[event.key];
        if (next === undefined || !marks[next]) { return; }
        event.preventDefault();
        mark.setAttribute("tabindex", "-1");
        marks[next].setAttribute("tabindex", "0");
        marks[next].focus();
      });
    });
  });

  // What is linked to may be folded.
  function unfold() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var folded = target && target.closest("details");
    if (!folded) { return; }
    folded.open = true;
    target.scrollIntoView();
  }
  window.addEventListener("hashchange", unfold);
  unfold();

  // What scrolls sideways is reached by the keyboard, and only that.
  function reach() {
    document.querySelectorAll(".scroll").forEach(function (box) {
      if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) {
        box.setAttribute("tabindex", "0");
      } else { box.removeAttribute("tabindex"); }
    });
  }
  window.addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
  reach();

  // On paper everything is open.
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    opened.forEach(function (details) { details.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (details) { details.open = false; });
  });
})();
