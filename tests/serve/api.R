# A plumber file with a bit of everything: tests compare what it answers here and behind plumber itself.
state <- new.env()
state$count <- 0L

#* @filter count
function(req, res) {
  state$count <- state$count + 1L
  res$setHeader("X-Filter", "passed")
  plumber::forward()
}

#* @filter gate
function(req, res) {
  if (identical(req$HTTP_X_DENY, "yes")) {
    res$status <- 401
    return(list(error = "no"))
  }
  plumber::forward()
}

#* @get /echo
#* @post /echo
function(req, a = 1, b = NULL) list(a = a, b = b, body = req$postBody, agent = req$HTTP_X_ONE, path = req$PATH_INFO, query = req$QUERY_STRING)

#* @post /sum
function(req, df) lapply(df, function(x) if (is.numeric(x)) sum(x) / 3 else x)

#* @get /typed/<id:int>/<flag:bool>
function(id, flag) list(id = id + 1L, flag = !flag, type = class(id))

#* @get /name/<name>
function(name) paste("hello", name)

#* @get /unboxed
#* @serializer unboxedJSON
function() list(x = 1, y = "a", z = pi)

#* @get /digits
#* @serializer json list(digits = NA)
function() list(x = pi, y = NA, z = c(1.5, NaN, Inf))

#* @get /html
#* @serializer html
function() "<p>h\u00e9llo</p>"

#* @get /csv
#* @serializer csv
function() data.frame(a = 1:3, b = c("x", "y", "z"))

#* @get /text
#* @serializer text
function() c("one", "two")

#* @get /png
#* @serializer png list(width = 120, height = 90)
function() plot(1:3)

#* @get /error
function() stop("it broke")

#* @get /status
function(res) {
  res$status <- 418
  list(teapot = TRUE)
}

#* @get /nothing
function(res) {
  res$status <- 204
  NULL
}

#* @get /cookie
function(req, res) {
  res$setCookie("seen", "yes", path = "/")
  list(got = req$cookies)
}

#* @get /open
#* @preempt gate
function() "open to all"

#* @put /thing
#* @delete /thing
function(req) list(method = req$REQUEST_METHOD)

#* @get /factor
function() data.frame(a = factor(c("u", "v")), b = as.Date("2020-01-02") + 0:1)

#* @get /response
function(res) {
  res$body <- "as it is"
  res$setHeader("Content-Type", "text/x-own")
  res
}

#* @post /upload
#* @parser octet
#* @serializer octet
function(req) rev(req$bodyRaw)

#* @get /later
function() promises::promise(function(resolve, reject) later::later(function() resolve(list(late = TRUE)), 0.01))

#* @get /loop
function() repeat Sys.sleep(0.01)

#* @get /spin
function() repeat NULL

#* @get /crash
function() tools::pskill(Sys.getpid(), 9)

#* @get /quit
function() quit("no", 3)

#* @get /grow
function() {
  state$kept <- c(state$kept, list(numeric(4e6)))
  Sys.getpid()
}

#* @get /pid
function() Sys.getpid()

#* @post /df
function(req) length(req$body)
