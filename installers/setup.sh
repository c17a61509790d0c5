# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by ./dev: installs what packages.txt names and this machine lacks.
# Debian 13 has it all. Debian 12 gets the Debian 13 archive as a further source, pinned so low that
# nothing of it is ever installed or upgraded unless it is asked for by name here.

packageList=installers/packages.txt
debian13Source=/etc/apt/sources.list.d/caisson-trixie.sources
debian13Pin=/etc/apt/preferences.d/caisson-trixie
servicePolicy=/usr/sbin/policy-rc.d

# Prints the packages of the sets named by the arguments that are absent or too old.
missingPackages() {
    local set name minimum rest status version
    local -A installed=() wanted=()
    while read -r set name rest; do
        if [[ " $* " == *" $set "* ]]; then
            minimum=
            [[ $name != *'>='* ]] || minimum=${name#*>=}
            wanted[${name%%>=*}]=$minimum
        fi
    done <"$packageList"
    # dpkg-query fails when one name is unknown to it, and still lists the others.
    while read -r status name version; do
        [[ $status != ?i ]] || installed[$name]=$version
    done < <(dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\n' "${!wanted[@]}" 2>/dev/null)
    for name in "${!wanted[@]}"; do
        version=${installed[$name]:-} minimum=${wanted[$name]}
        if [[ -z $version ]]; then
            echo "$name"
        elif [[ -n $minimum ]] && ! dpkg --compare-versions "$version" ge "$minimum"; then
            echo "$name"
        fi
    done | sort
}

asRoot() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

apt() {
    asRoot env DEBIAN_FRONTEND=noninteractive apt-get -q "$@"
}

# Prints "URI release codename component" of every package index that Debian signed. Read after
# `apt-get update`: apt itself knows both forms of its source files, and where each index came from.
debianIndexes() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(CODENAME) $(COMPONENT) $(ORIGIN)' \
        'Created-By: Packages' | sed -n 's/ Debian$//p' | grep -v '^cdrom:' || true
}

# Makes the Debian 13 archive known to apt, at the mirror that serves Debian 12 ($1) already.
addDebian13() {
    local mirror=$1
    echo "Adding Debian 13 (trixie) to apt's sources at priority 50: $debian13Source, $debian13Pin"
    # The pin first: a source without it would offer the whole of Debian 13 as upgrades.
    asRoot tee "$debian13Pin" >/dev/null <<END
# Written by Caisson's ./dev: packages of Debian 13 only where they are asked for.
Package: *
Pin: release n=trixie
Pin-Priority: 50
END
    asRoot tee "$debian13Source" >/dev/null <<END
# Written by Caisson's ./dev: what Debian 12 has too old. Kept low by $debian13Pin.
Types: deb
URIs: $mirror
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
    apt update || true
    if ! grep -q ' trixie main$' <<<"$(debianIndexes)"; then
        asRoot rm -f "$debian13Source" "$debian13Pin"
        fail "$mirror gave no Debian 13 (trixie) that this machine trusts; apt's sources are as before." \
            "If apt spoke of a missing public key above, upgrade the package debian-archive-keyring."
    fi
}

# withoutService NAME COMMAND…: runs the command, and meanwhile no package may start that service.
# Debian asks policy-rc.d first (invoke-rc.d(8), deb-systemd-invoke(1p)). One that is there already is
# its owner's, and stays as it is.
withoutService() (
    service=$1
    shift
    # A process that is killed takes nothing away: then it lets pass whatever comes after.
    draft=$(asRoot mktemp "$servicePolicy.XXXXXX")
    trap '[[ ! $draft -ef $servicePolicy ]] || asRoot rm -f "$servicePolicy"; asRoot rm -f "$draft"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    asRoot tee "$draft" >/dev/null <<END
#!/bin/sh
# Written by Caisson's ./dev, for as long as its process $BASHPID installs packages.
[ -e /proc/$BASHPID ] || exit 0
case \$1 in $service | $service.service) exit 101 ;; esac
exit 0
END
    asRoot chmod 755 "$draft"
    asRoot ln "$draft" "$servicePolicy" 2>/dev/null || true # as it does where there is one
    "$@"
)

# installPackages OPTION… PACKAGE…: nginx is a program to the tests, which start it themselves. Debian
# makes it a service, at once and at each boot; where it was installed before, that is how it stays.
installPackages() {
    if command -v nginx >/dev/null || [[ -x /usr/sbin/nginx ]]; then
        apt install -y --no-install-recommends "$@"
        return
    fi
    withoutService nginx apt install -y --no-install-recommends "$@"
    if [[ -x /usr/sbin/nginx ]] && command -v systemctl >/dev/null; then
        asRoot systemctl disable --quiet nginx.service ||
            echo "nginx will start with this machine until it is told not to: systemctl disable nginx" >&2
    fi
}

# setUp SET…: installs what is missing of the sets; quick and silent when nothing is.
setUp() {
    local missing
    command -v dpkg-query >/dev/null || fail "this is not a Debian system. Caisson needs the packages" \
        "named in $packageList, or what is like them here; then use cmake --preset dev."
    mapfile -t missing < <(missingPackages "$@")
    ((${#missing[@]})) || return 0

    [[ $(. /etc/os-release && echo "${ID:-}-${VERSION_CODENAME:-}") == debian-@(bookworm|trixie) ]] ||
        fail "installing is known for Debian 12 and 13 only. Missing here: ${missing[*]}"
    echo "Missing here: ${missing[*]}"
    ((EUID == 0)) || command -v sudo >/dev/null ||
        fail "there is no sudo. As root, run: $PWD/dev setup"
    if [[ -t 0 && -t 1 && -z ${CI:-} ]]; then
        local answer
        read -rp "Install that with apt-get? [Y/n] " answer
        [[ ${answer:-y} == [yY]* ]] || fail "nothing was installed."
    fi

    apt update || true # a source that fails may be none of those that are needed
    # The sources tell Debian 12 from 13. The release's name does not: with its first package of
    # Debian 13 a machine gets base-files of 13 too, and from then on calls itself trixie.
    local indexes mirror
    local -a release=()
    indexes=$(debianIndexes)
    mirror=$(sed -n 's/ [^ ]* bookworm main$//p' <<<"$indexes" | head -n 1)
    if [[ -n $mirror ]]; then
        release=(--target-release trixie)
        grep -q ' trixie main$' <<<"$indexes" || addDebian13 "$mirror"
    fi
    installPackages "${release[@]}" "${missing[@]}"
    mapfile -t missing < <(missingPackages "$@")
    ((${#missing[@]} == 0)) || fail "apt-get ended well, yet these are missing or too old: ${missing[*]}"
}
