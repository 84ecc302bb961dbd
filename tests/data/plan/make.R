# Writes steps.json: what dplyr and tidyr make of small random tables, for src/plan/steps_test.cc. Each case is a list of
# steps as a plan writes them, the tables, and the rows that R has after the steps.
# usage: Rscript tests/data/plan/make.R    (R with dplyr, tidyr and jsonlite)
suppressMessages({library(dplyr); library(tidyr)})
set.seed(20261120)
cases <- list()

# Text in quotes, numbers with all digits, NA and NaN as themselves.
as_csv <- function(d) {
  cell <- function(x) {
    if (is.character(x)) return(ifelse(is.na(x), "NA", paste0('"', x, '"')))
    if (is.logical(x)) return(as.character(x))
    ifelse(is.na(x) & !is.nan(x), "NA", vapply(x, format, "", digits = 17, trim = TRUE))
  }
  d <- as.data.frame(lapply(d, function(x) { y <- cell(x); y[is.na(y)] <- "NA"; y }), check.names = FALSE, optional = TRUE)
  paste0(paste(c(paste(names(d), collapse = ","), do.call(paste, c(unname(as.list(d)), sep = ","))), collapse = "\n"), "\n")
}
case <- function(name, steps, rows, expected, second = NULL) {
  cases[[length(cases) + 1]] <<- list(name = name, steps = steps, rows = as_csv(rows),
                                      second = if (is.null(second)) "" else as_csv(second), expected = as_csv(ungroup(expected)))
}
with_na <- function(x, share = 0.3) { x[runif(length(x)) < share] <- NA; x }

# Joins.
sales <- data.frame(sku = sample(1:8, 40, TRUE), store = sample(c("a", "b", "c"), 40, TRUE), sold = round(rnorm(40), 3))
products <- data.frame(sku = c(3L, 1L, 7L, 5L, 9L), brand = c("x", "y", NA, "x", "z"), price = c(1.5, NA, 2.25, NaN, 4))
case("join_by_one_number", "- {join: second, by: sku}", sales, left_join(sales, products, by = "sku"), products)
both <- unique(sales[c("sku", "store")])[1:9, ]
both$stock <- with_na(seq_len(9))
case("join_by_two_columns", "- {join: second, by: [sku, store]}", sales, left_join(sales, both, by = c("sku", "store")), both)
named <- setNames(products, c("product", "maker", "list_price"))
case("join_by_other_names", "- {join: second, by: {sku: product}}", sales, left_join(sales, named, by = c(sku = "product")), named)
case("join_some_columns", "- join: second\n  by: sku\n  columns: {cost: price}", sales,
     left_join(sales, select(products, sku, cost = price), by = "sku"), products)
gaps <- transform(sales, sku = with_na(as.double(sku)), store = with_na(store))
gaps$sku[3] <- NaN
keys <- data.frame(sku = c(NA, NaN, 1, 2, 3.5), v = c("na", "nan", "one", "two", "odd"))
case("join_na_finds_na", "- {join: second, by: sku}", gaps, left_join(gaps, keys, by = "sku"), keys)
case("join_na_finds_nothing", "- {join: second, by: sku, na_matches: never}", gaps,
     left_join(gaps, keys, by = "sku", na_matches = "never"), keys)
texts <- data.frame(store = c("c", NA, "a"), v = c(TRUE, FALSE, NA))
case("join_by_text_with_na", "- {join: second, by: store}", gaps, left_join(gaps, texts, by = "store"), texts)
none <- data.frame(sku = 100:101, v = c(1.5, 2))
case("join_finds_nothing", "- {join: second, by: sku}", sales, left_join(sales, none, by = "sku"), none)
case("join_integer_with_double", "- {join: second, by: sku}", sales,
     left_join(sales, data.frame(sku = c(1, 2.5, 3), w = 1:3), by = "sku"), data.frame(sku = c(1, 2.5, 3), w = 1:3))

# fill().
series <- data.frame(g = sample(c("p", "q", "r"), 60, TRUE), h = sample(1:2, 60, TRUE), t = sample(60),
                     x = with_na(round(rnorm(60), 3), 0.5), k = with_na(sample(9L, 60, TRUE), 0.6),
                     s = with_na(sample(letters, 60, TRUE), 0.5), b = with_na(sample(c(TRUE, FALSE), 60, TRUE), 0.5))
series$x[c(5, 17, 30)] <- NaN
for (direction in c("down", "up", "downup", "updown")) {
  case(paste0("fill_", direction), sprintf("- {fill: [x, k, s, b], direction: %s, by: [g, h], arrange: t}", direction), series,
       fill(group_by(arrange(series, g, h, t), g, h), x, k, s, b, .direction = direction))
  case(paste0("fill_", direction, "_all_rows"), sprintf("- {fill: [x, s], direction: %s, by: [], arrange: []}", direction),
       series, fill(series, x, s, .direction = direction))
}
case("fill_is_down_unless_told", "- {fill: x, by: g, arrange: t}", series, fill(group_by(arrange(series, g, t), g), x))
case("fill_leaves_a_group_of_na", "- {fill: x, direction: downup, by: g, arrange: t}",
     transform(series, x = ifelse(g == "q", NA, x)),
     fill(group_by(arrange(transform(series, x = ifelse(g == "q", NA, x)), g, t), g), x, .direction = "downup"))

# complete().
days <- data.frame(sku = c(2L, 2L, 1L, 3L, 1L, 2L), store = c("b", "a", "a", "c", NA, "a"), week = c(3L, 1L, 7L, 3L, 2L, 4L),
                   sold = c(5, NA, 2.5, NaN, 1, 8), note = c("m", NA, "n", "o", "p", "q"))
case("complete_two_columns", "- complete: [sku, store]", days, complete(days, sku, store))
case("complete_three_columns", "- complete: [store, week, sku]", days, complete(days, store, week, sku))
case("complete_nesting", "- complete: [[sku, store], week]", days, complete(days, nesting(sku, store), week))
case("complete_range", "- complete: [sku, week]\n  range: {week: 1}", days, complete(days, sku, week = full_seq(week, 1)))
case("complete_nesting_and_range", "- complete: [[sku, store], week]\n  range: {week: 1}", days,
     complete(days, nesting(sku, store), week = full_seq(week, 1)))
case("complete_fill", "- complete: [sku, week]\n  fill: {sold: 0, note: none}", days,
     complete(days, sku, week, fill = list(sold = 0, note = "none")))
case("complete_fill_new_rows_only", "- complete: [sku, week]\n  fill: {sold: 0, note: none}\n  explicit: false", days,
     complete(days, sku, week, fill = list(sold = 0, note = "none"), explicit = FALSE))
case("complete_by_group", "- complete: week\n  range: {week: 1}\n  by: sku", days,
     complete(group_by(days, sku), week = full_seq(week, 1)))
case("complete_by_two_groups", "- complete: [week]\n  range: {week: 1}\n  by: [store, sku]\n  fill: {sold: -1}", days,
     complete(group_by(days, store, sku), week = full_seq(week, 1), fill = list(sold = -1)))
odd <- data.frame(x = c(NaN, NA, 1.5, 1.5, -2), f = c(TRUE, NA, FALSE, TRUE, TRUE), v = 1:5)
case("complete_nan_and_na_are_two", "- complete: [x, f]", odd, complete(odd, x, f))
twice <- rbind(days, days[c(2, 4), ])
case("complete_keeps_repeated_rows", "- complete: [sku, week]", twice, complete(twice, sku, week))
steps <- data.frame(x = c(0.5, 2, 1.25, 4.25), v = 1:4)
case("complete_range_of_doubles", "- complete: x\n  range: {x: 0.75}", steps, complete(steps, x = full_seq(x, 0.75)))
even <- data.frame(w = c(10L, 4L, 16L), v = 1:3)
case("complete_range_by_threes", "- complete: w\n  range: {w: 3}", even, complete(even, w = full_seq(w, 3)))
dates <- function(texts) data.frame(shop = c("u", "v", "u"), day = texts, n = c(1L, 2L, 3L))
text_dates <- function(d) mutate(d, day = format(day))
full <- function(d, by) text_dates(complete(mutate(d, day = as.Date(day)), shop, day = seq(min(day), max(day), by = by)))
d <- dates(c("2024-02-27", "2024-03-02", "2024-03-01"))
case("complete_days_over_a_leap_day", "- complete: [shop, day]\n  range: {day: day}", d, full(d, "day"))
case("complete_number_of_days", "- complete: [shop, day]\n  range: {day: 1}", d,
     text_dates(complete(mutate(d, day = as.Date(day)), shop, day = full_seq(day, 1))))
d <- dates(c("2023-12-18", "2024-01-15", "2024-01-01"))
case("complete_weeks", "- complete: [shop, day]\n  range: {day: week}", d, full(d, "week"))
case("complete_two_weeks", "- complete: [shop, day]\n  range: {day: 2 weeks}", d, full(d, "2 weeks"))
d <- dates(c("2023-11-15", "2024-05-15", "2024-02-15"))
case("complete_months", "- complete: [shop, day]\n  range: {day: month}", d, full(d, "month"))
case("complete_quarters", "- complete: [shop, day]\n  range: {day: 3 months}", d, full(d, "3 months"))
d <- dates(c("1999-01-28", "2005-01-28", "2001-01-28"))
case("complete_years", "- complete: [shop, day]\n  range: {day: year}", d, full(d, "year"))

# Steps after each other, and the order in which they stand matters.
shops <- data.frame(shop = c("u", "v"), area = c(120.5, 80))
d <- data.frame(shop = c("u", "u", "v", "v"), week = c(1L, 4L, 2L, 3L), sold = c(10, 40, 5, NA), deal = c("no", "yes", NA, "no"))
case("complete_join_fill_mutate_filter",
     paste("- {complete: [shop, week], range: {week: 1}, fill: {sold: 0}}", "- {join: second, by: shop}",
           "- {fill: deal, direction: downup, by: shop, arrange: week}",
           "- {mutate: {per_area: sold / area, before: lag(sold), sold: sold + 1}, by: shop, arrange: week}",
           "- filter: week > 1 & (is.na(before) | before < 40)", sep = "\n"),
     d,
     d %>% complete(shop, week = full_seq(week, 1), fill = list(sold = 0)) %>% left_join(shops, by = "shop") %>%
       arrange(shop, week) %>% group_by(shop) %>% fill(deal, .direction = "downup") %>%
       mutate(per_area = sold / area, before = lag(sold), sold = sold + 1) %>% ungroup() %>%
       filter(week > 1 & (is.na(before) | before < 40)), shops)
case("filter_before_complete", "- filter: week < 4\n- complete: [shop, week]", d, complete(filter(d, week < 4), shop, week))
case("filter_by_group", "- filter: sold == max(sold, na.rm = TRUE)\n  by: shop", d,
     arrange(filter(group_by(d, shop), sold == max(sold, na.rm = TRUE)), shop))
case("mutate_sees_all_rows_in_their_order", "- mutate:\n    share: sold / sum(sold, na.rm = TRUE)\n    before: lag(week)", d,
     mutate(d, share = sold / sum(sold, na.rm = TRUE), before = lag(week)))

# Features of dates, which are text.
invisible(Sys.setlocale("LC_TIME", "C"))
d <- data.frame(day = c("2024-02-29", "2023-12-31", NA, "2024-01-01", "1999-03-28"), n = 1:5)
case("date_features",
     paste("- mutate:", '    year: as.integer(format(as.Date(day), "%Y"))', '    month: as.integer(format(as.Date(day), "%m"))',
           '    of_month: as.integer(format(as.Date(day), "%d"))', '    of_year: as.integer(format(as.Date(day), "%j"))',
           '    weekday: weekdays(as.Date(day))', '    short: weekdays(as.Date(day), abbreviate = TRUE)',
           '    monday_first: as.integer(format(as.Date(day), "%u"))', '    name: months(as.Date(day))', '    quarter: quarters(as.Date(day))',
           '    days: as.numeric(as.Date(day))', '    since: as.numeric(as.Date(day)) - as.numeric(as.Date("2023-01-01"))',
           '    is_weekend: weekdays(as.Date(day)) %in% c("Saturday", "Sunday")', sep = "\n"), d,
     mutate(d, year = as.integer(format(as.Date(day), "%Y")), month = as.integer(format(as.Date(day), "%m")),
            of_month = as.integer(format(as.Date(day), "%d")), of_year = as.integer(format(as.Date(day), "%j")),
            weekday = weekdays(as.Date(day)), short = weekdays(as.Date(day), abbreviate = TRUE),
            monday_first = as.integer(format(as.Date(day), "%u")), name = months(as.Date(day)), quarter = quarters(as.Date(day)),
            days = as.numeric(as.Date(day)), since = as.numeric(as.Date(day)) - as.numeric(as.Date("2023-01-01")),
            is_weekend = weekdays(as.Date(day)) %in% c("Saturday", "Sunday")))

writeLines(jsonlite::toJSON(list(made_by = sprintf("tests/data/plan/make.R with R %s, dplyr %s, tidyr %s", getRversion(),
  packageVersion("dplyr"), packageVersion("tidyr")), cases = cases), auto_unbox = TRUE, pretty = 1), "tests/data/plan/steps.json")
