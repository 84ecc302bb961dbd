# How far a loop is: a bar on a terminal that a person sits at, after half a second; none where output goes elsewhere.

progress_of <- function(count, is_wanted) {
  if (!is_wanted || !interactive() || !isatty(stderr())) return(list(show = function(done) NULL, end = function() NULL))
  progress_bar(count, stderr())
}

progress_bar <- function(count, file, delay = 0.5) {
  began <- .Call(C_clock)
  shown_at <- began + delay - 0.1
  is_shown <- FALSE
  show <- function(done) {
    now <- .Call(C_clock)
    if (now - shown_at < 0.1 || count == 0) return()
    shown_at <<- now
    is_shown <<- TRUE
    share <- done / count
    left <- if (done > 0) (now - began) / share * (1 - share) else NA
    full <- floor(24 * share)
    cat(sprintf("\r[%s%s] %3.0f%% | %d of %d | %s\033[K", strrep("=", full), strrep(" ", 24 - full), 100 * share, done, count,
                if (is.na(left)) "" else paste("ETA", seconds_words(left))), file = file)
  }
  list(show = show, end = function() if (is_shown) cat("\r\033[K", file = file))
}

seconds_words <- function(seconds) {
  if (seconds < 90) sprintf("%.0f s", seconds) else if (seconds < 5400) sprintf("%.0f min", seconds / 60) else sprintf("%.1f h", seconds / 3600)
}
