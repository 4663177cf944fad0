# Checks the style of imports, which stable rustfmt cannot: one `use` for each module, and no path
# inside braces. Items of one module with another visibility, attribute or scope have their own `use`.
#
#   git ls-files '*.rs' | xargs awk -f .ci/imports.awk

FNR == 1 { delete seen; statement = attributes = "" }

statement == "" && /^ *#\[/ { attributes = attributes $0; next }

statement == "" && /^ *(pub(\([a-z: ]+\))? )?use / { start = FNR; indent = width() }

start == FNR || statement != "" {
    statement = statement $0
    if ($0 ~ /;( *\/\/.*)?$/) {
        check()
        statement = attributes = ""
    }
    next
}

# A line further left than an import ends the import's scope.
/[^ ]/ {
    attributes = ""
    for (key in seen) if (seen[key] > width()) delete seen[key]
}

function check(    module, names) {
    gsub(/ +/, " ", statement)
    names = module = statement
    if (sub(/::\{.*/, "", module)) {
        sub(/^[^{]*\{/, "", names)
        if (names ~ /::/) fail("a path inside braces: give it a `use` of its own")
    } else {
        sub(/::[^:]*$/, "", module)
        if (module == statement || statement ~ /::\*;$/) return
    }
    if ((attributes module) in seen) fail("a second `use` for one module: extend the first")
    seen[attributes module] = indent
}

function width() { match($0, /^ */); return RLENGTH }

function fail(why) { printf "%s:%d: %s\n", FILENAME, start, why; failed = 1 }

END { exit failed }
