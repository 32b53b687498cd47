/* One ECharts theme for every chart, read from the kit's tokens, so it follows light and dark.
   Qunce.chart(el, option) makes a chart that resizes, and changes theme with the page.
   Tooltips are DOM nodes: markup with style="" would be refused by the content security policy. */
(function (w) {
  "use strict";

  function reader(el) {
    var css = getComputedStyle(el || document.documentElement);
    var read = function (name) { return css.getPropertyValue("--q-" + name).trim(); };
    read.font = css.fontFamily;
    return read;
  }

  /* A tooltip as DOM nodes: title, then a row per series. opt.title(param), opt.unit. */
  function tip(opt) {
    opt = opt || {};
    return function (params) {
      var rows = [].concat(params);
      var one = rows[0].seriesType === "funnel" || rows[0].seriesType === "pie";
      var box = document.createElement("div");
      var add = function (parent, tag, text) { var el = parent.appendChild(document.createElement(tag)); el.textContent = text; return el; };
      box.className = "q-tip";
      add(box, "b", opt.title ? opt.title(rows[0]) : one ? rows[0].seriesName : rows[0].name);
      rows.forEach(function (r) {
        var v = Array.isArray(r.value) ? r.value[r.value.length - 1] : r.value;
        var p = add(box, "p", "");
        add(p, "i", "").style.background = r.color;
        add(p, "span", one ? r.name : r.seriesName);
        add(p, "em", v == null || v === "-" ? "–" : Number(v).toLocaleString(document.documentElement.lang) + (opt.unit || ""));
      });
      return box;
    };
  }

  function chartTheme(el) {
    var t = reader(el);
    var text = { color: t("ink-2"), fontFamily: t.font, fontSize: 12 };
    var dim = Object.assign({}, text, { color: t("ink-3") });
    var axis = {
      axisLine: { show: true, lineStyle: { color: t("line-2"), width: 1 } },
      axisTick: { show: false },
      axisLabel: Object.assign({ margin: 8 }, dim),
      nameTextStyle: dim,
      splitLine: { show: false },
      splitArea: { show: false }
    };
    var value = Object.assign({}, axis, {
      axisLine: { show: false },
      splitLine: { show: true, lineStyle: { color: t("line"), width: 1 } },
      splitNumber: 4
    });
    return {
      color: ["c1", "c2", "c3", "c4", "c5", "c6"].map(t),
      backgroundColor: "transparent",
      textStyle: text,
      animationDuration: 200,
      animationDurationUpdate: 200,
      aria: { enabled: true },
      title: { show: false, textStyle: text, subtextStyle: dim },
      legend: { top: 0, bottom: "auto", left: 0, itemWidth: 12, itemHeight: 3, itemGap: 16, icon: "rect", padding: 0, textStyle: text, inactiveColor: t("line-2") },
      grid: { top: 32, right: 12, bottom: 4, left: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      tooltip: {
        confine: true, formatter: tip(), backgroundColor: t("raised"), borderColor: t("line-2"), borderWidth: 1, padding: [8, 12],
        textStyle: { color: t("ink"), fontFamily: t.font, fontSize: 12, lineHeight: 18 },
        extraCssText: "border-radius:8px;box-shadow:" + t("shadow"),
        axisPointer: { lineStyle: { color: t("ink-3"), type: "solid" }, crossStyle: { color: t("ink-3") }, shadowStyle: { color: t("ink-3"), opacity: 0.08 } }
      },
      categoryAxis: axis, timeAxis: axis, valueAxis: value, logAxis: value,
      line: { symbol: "circle", symbolSize: 6, showSymbol: false, smooth: false, lineStyle: { width: 2 }, emphasis: { focus: "series" } },
      bar: { barMaxWidth: 20, itemStyle: { borderRadius: 2 } },
      funnel: { itemStyle: { borderWidth: 0 }, label: text, labelLine: { show: false }, gap: 3, sort: "none", emphasis: { label: { show: false } } },
      heatmap: { itemStyle: { borderColor: t("surface"), borderWidth: 2, borderRadius: 3 }, emphasis: { itemStyle: { borderColor: t("ink"), borderWidth: 1 } } },
      visualMap: { textStyle: dim, itemWidth: 10, itemHeight: 96, inRange: { color: [0, 1, 2, 3, 4, 5].map(function (i) { return t("heat-" + i); }) } },
      markLine: { symbol: "none", lineStyle: { color: t("line-2"), type: "solid", width: 1 }, label: dim },
      dataZoom: { borderColor: t("line"), fillerColor: t("accent-soft"), textStyle: dim }
    };
  }

  function chart(el, option) {
    var make = typeof option === "function" ? option : function () { return option; };
    var c = w.echarts.init(el, chartTheme(el), { locale: document.documentElement.lang.indexOf("zh") === 0 ? "ZH" : "EN" });
    c.setOption(make(reader(el)));
    new ResizeObserver(function () { c.resize(); }).observe(el);
    document.documentElement.addEventListener("q:theme", function () {
      c.setTheme(chartTheme(el));
      c.setOption(make(reader(el)));
    });
    return c;
  }

  /* <div class="q-chart" data-chart="id of a json_script"> draws itself; {% chart data %} writes both. Strings that
     begin with "--q-" are tokens, so that one option serves light and dark. */
  function tokens(value, t) {
    if (typeof value === "string") return value.indexOf("--q-") === 0 ? t(value.slice(4)) : value;
    if (Array.isArray(value)) return value.map(function (v) { return tokens(v, t); });
    if (value && typeof value === "object") {
      return Object.keys(value).reduce(function (made, key) { made[key] = tokens(value[key], t); return made; }, {});
    }
    return value;
  }
  function draw(from) {
    Array.prototype.forEach.call(from.querySelectorAll("[data-chart]"), function (el) {
      if (el.dataset.drawn) return;
      el.dataset.drawn = "1";
      var option = JSON.parse(document.getElementById(el.dataset.chart).textContent);
      chart(el, function (t) { return tokens(option, t); });
    });
  }

  w.Qunce = Object.assign(w.Qunce || {}, { chartTheme: chartTheme, chart: chart, tip: tip });
  draw(document);
  document.addEventListener("htmx:afterSettle", function (e) { draw(e.target); });
})(window);
