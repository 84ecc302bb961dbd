# The picture of train.R, as SVG text: the errors of every model in every resample, and what the best one says of houses that it has not seen.

ink <- c(rf = "#2f7d5b", gbm = "#b4562c", glmnet = "#4a6fa5", svm = "#8a5fa8")

svg_text <- function(x, y, text, anchor = "start", size = 13, more = "") {
  sprintf('<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d" %s>%s</text>', x, y, anchor, as.integer(size), more, text)
}

svg_line <- function(x1, y1, x2, y2, colour = "#d5d5d0", width = 1) {
  sprintf('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%g"/>', x1, y1, x2, y2, colour, width)
}

svg_dots <- function(x, y, colour, radius = 4, opacity = 0.65) {
  sprintf('<circle cx="%.1f" cy="%.1f" r="%g" fill="%s" fill-opacity="%g"/>', x, y, radius, colour, opacity)
}

# A row for each model, the best on top; a dot for each resample, a bar at the mean.
errors_panel <- function(errors, left, top, width, height) {
  models <- setdiff(names(errors), "resample")
  models <- models[order(colMeans(errors[models]))]
  ticks <- pretty(range(errors[models]), 4)
  at <- function(value) left + width * (value - min(ticks)) / diff(range(ticks))
  rows <- top + height * (seq_along(models) - 0.5) / length(models)
  c(svg_text(left, top - 16, "RMSE of log(price), ten resamples", size = 14, more = 'font-weight="600"'),
    svg_line(at(ticks), top, at(ticks), top + height), svg_text(at(ticks), top + height + 20, format(ticks), "middle", 12, 'fill="#555"'),
    unlist(Map(function(model, row) {
      mean <- mean(errors[[model]])
      c(svg_text(left - 12, row + 5, model, "end"), svg_dots(at(errors[[model]]), row, ink[[model]]),
        svg_line(at(mean), row - 15, at(mean), row + 15, ink[[model]], 3), svg_text(at(mean), row - 20, sprintf("%.3f", mean), "middle", 12))
    }, models, rows)))
}

# Both axes are logarithmic; on the line the forecast is right.
prices_panel <- function(best, price, forecast, left, top, side) {
  ticks <- c(50, 100, 200, 400, 800) * 1000
  ends <- log(range(price, forecast, ticks))
  along <- function(value) side * (log(value) - ends[1]) / diff(ends)
  across <- left + along(ticks)
  up <- top + side - along(ticks)
  names <- paste0(ticks / 1000, "k")
  c(svg_text(left, top - 16, sprintf("Price forecast by %s, %d unseen houses", best, length(price)), size = 14, more = 'font-weight="600"'),
    svg_line(across, top, across, top + side), svg_line(left, up, left + side, up),
    svg_text(across, top + side + 20, names, "middle", 12, 'fill="#555"'), svg_text(left - 8, up + 4, names, "end", 12, 'fill="#555"'),
    svg_line(left, top + side, left + side, top, "#555", 1.5), svg_dots(left + along(price), top + side - along(forecast), ink[[best]], 3, 0.55),
    svg_text(left + side / 2, top + side + 42, "sold for, $", "middle", 12, 'fill="#555"'))
}

models_picture <- function(errors, best, price, forecast) {
  c('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 880 420" font-family="Helvetica, Arial, sans-serif" fill="#222">',
    '<rect width="880" height="420" fill="#fff"/>', errors_panel(errors, 80, 50, 330, 300), prices_panel(best, price, forecast, 520, 50, 300), "</svg>")
}
