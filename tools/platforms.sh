#!/usr/bin/env bash
# What must hold beyond this machine: every build tag, every level of vector instructions, and other platforms.
# .ci/run covers the short part of it; this takes some ten minutes. Needs Go only; emulators make it more thorough:
#   qemu-user-static (qemu-aarch64-static) runs the tests of arm64, nodejs (node) those of WebAssembly.
# Every step runs, whatever fails. At the end stands what failed and what was skipped because something is not installed; the exit
# status is 1 if anything failed.
set -uo pipefail
cd "$(dirname "$0")/.."

tests=(./runtime/... ./examples/...)                        # what runs on the machines of users; the generator is for those of developers
emulated=(./runtime/... ./examples/xor ./examples/regression) # what of it ends within minutes in an emulator of a processor
failed=()
skipped=()

step() { # step NAME COMMAND...: say what runs, run it, remember whether it failed
    local name=$1 start=$SECONDS
    shift
    printf '== %s: %s\n' "$name" "$*"
    if "$@"; then
        printf '   %s took %d s\n' "$name" $((SECONDS - start))
    else
        printf '   %s FAILED after %d s\n' "$name" $((SECONDS - start))
        failed+=("$name")
    fi
}

skip() { # skip NAME REASON
    printf '== %s: SKIPPED, %s\n' "$1" "$2"
    skipped+=("$1: $2")
}

first() { # first COMMAND...: the first of these commands that is installed
    local c
    for c in "$@"; do
        if command -v "$c"; then return; fi
    done
    return 1
}

runs386() { # whether this machine runs programs for GOARCH=386
    case "$(go env GOHOSTOS)/$(go env GOHOSTARCH)" in
    linux/amd64 | linux/386 | windows/amd64 | windows/386) ;;
    *) return 1 ;;
    esac
}

# Levels of vector instructions; a level that the processor lacks runs as the best it has.
for level in portable avx2 avx512; do
    step "level $level" env NNGEN_CPU=$level go test -count=1 "${tests[@]}"
done

# Build tags: no assembly, and portable kernels that agree with the vector kernels bit for bit.
step 'purego vet' go vet -tags purego ./...
step 'purego test' go test -tags purego "${tests[@]}"
step 'nnexact vet' go vet -tags nnexact ./...
step 'nnexact test' go test -tags nnexact ./runtime/... ./codegen/...

# 64-bit platforms: everything compiles, and what users run passes its tests.
step 'linux/arm64 vet' env GOOS=linux GOARCH=arm64 go vet ./...
if qemu=$(first qemu-aarch64-static qemu-aarch64); then
    step 'linux/arm64 test' env GOOS=linux GOARCH=arm64 go test -exec "$qemu" "${emulated[@]}"
else
    skip 'linux/arm64 test' 'qemu-aarch64-static is not installed (Debian package qemu-user-static)'
fi
step 'js/wasm vet' env GOOS=js GOARCH=wasm go vet ./...
if command -v node >/dev/null; then
    step 'js/wasm test' env GOOS=js GOARCH=wasm go test -exec "$(go env GOROOT)/lib/wasm/go_js_wasm_exec" "${tests[@]}"
else
    skip 'js/wasm test' 'node is not installed (Debian package nodejs)'
fi
step 'windows/amd64 vet' env GOOS=windows GOARCH=amd64 go vet ./...
step 'darwin/arm64 vet' env GOOS=darwin GOARCH=arm64 go vet ./...

# 32-bit: the runtime and a generated package; the generator needs 64 bits.
step 'linux/386 vet' env GOOS=linux GOARCH=386 CGO_ENABLED=0 go vet ./runtime/... ./examples/digits
if runs386; then
    step '386 test' env GOARCH=386 CGO_ENABLED=0 go test ./runtime/... ./examples/digits
else
    skip '386 test' 'this machine does not run programs for 386'
fi

printf '\n'
for s in "${skipped[@]}"; do printf 'SKIPPED %s\n' "$s"; done
for s in "${failed[@]}"; do printf 'FAILED  %s\n' "$s"; done
printf '%d failed, %d skipped, in %d s\n' ${#failed[@]} ${#skipped[@]} $SECONDS
[ ${#failed[@]} -eq 0 ]
