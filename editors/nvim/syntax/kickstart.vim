" Kickstarts of Anaconda. Generated: ks-lint highlight vim
if exists('b:current_syntax')
  finish
endif

syntax include @kickstartShell syntax/sh.vim
unlet! b:current_syntax
syntax include @kickstartPython syntax/python.vim
unlet! b:current_syntax

syntax iskeyword @,48-57,-,%,_
syntax keyword kickstartCommand contained auth authconfig authselect autopart autostep bootc bootloader btrfs cdrom clearpart cmdline device deviceprobe dmraid driverdisk eula fcoe firewall firstboot graphical group halt harddrive hmc ignoredisk install interactive iscsi iscsiname key keyboard lang langsupport lilo lilocheck liveimg logging logvol mediacheck method module monitor mount mouse multipath network nfs nvdimm ostreecontainer ostreesetup part partition poweroff raid rdp realm reboot repo reqpart rescue rhsm rootpw selinux services shutdown skipx snapshot sshkey sshpw stratisfs stratispool syspurpose text timesource timezone unsupported_hardware updates upgrade url user vnc volgroup xconfig zerombr zfcp zipl
syntax match kickstartLine /^\s*[a-z]\+\>.*/ contains=kickstartCommand,kickstartOption,kickstartString,kickstartNumber,kickstartComment
syntax match kickstartOption contained /--\%(accept\|accepted\|activate\|activation-key\|active\|add-boot\|addon\|addsupport\|agree\|agreed\|all\|allow-ssh\|append\|asprimary\|autoscreenshot\|autovlan\|backuppassphrase\|baseurl\|bindto\|biospart\|blockdevs\|bondopts\|bondslaves\|boot-drive\|bootloader\|bootproto\|bridgeopts\|bridgeslaves\|bytes-per-inode\|cachemode\|cachepvs\|cachesize\|card\|cdl\|checksum\|chunksize\|cipher\|composefs\|connect\|connect-to-insights\|cost\|data\|dcb\|default\|defaultdesktop\|depth\|dev\|device\|devnum\|dhcpclass\|dir\|disable\|disabled\|disklabel\|driveorder\|driver\|drives\|eject\|emulthree\|enable\|enabled\|encrypted\|end\|enforcing\|erroronfail\|escrowcert\|essid\|ethtool\|exclude-weakdeps\|excludeWeakdeps\|excludedocs\|excludepkgs\|extlinux\|fcplun\|filename\|flatpak-registry-url\|force-secure-boot\|fsoptions\|fsprofile\|fstype\|ftp\|gateway\|gecos\|gid\|groups\|grow\|hibernation\|high\|homedir\|host\|hostname\|hsync\|http\|hvargs\|hw-passphrase\|iface\|ignorebroken\|ignoredeps\|ignoregroups\|ignoremissing\|includepkgs\|initlabel\|inst-langs\|instLangs\|install\|interactive\|interfacename\|interpreter\|ip\|ipaddr\|ipv4-dns-search\|ipv4-ignore-auto-dns\|ipv6\|ipv6-dns-search\|ipv6-ignore-auto-dns\|ipv6gateway\|isUtc\|iscrypted\|kexec\|label\|lba32\|leavebootorder\|level\|linear\|linux\|list\|location\|lock\|log\|logfile\|luks-version\|maxsize\|md5pass\|medium\|metadata\|metadatasize\|metalink\|mirrorlist\|mkfsoptions\|mode\|monitor\|mountoptions\|mtu\|multilib\|name\|nameserver\|namespace\|netmask\|nic\|no-activate\|no-secure-boot\|no-signature-verification\|nobase\|noboot\|nochroot\|nocore\|nodefroute\|nodns\|noformat\|nogpg\|nohome\|noipv4\|noipv6\|nolinear\|nolvm\|nombr\|nomount\|non-interactive\|none\|nontp\|noprobe\|noswap\|notksdevice\|noverifyssl\|ntp-disable\|ntp-pool\|ntp-server\|ntpservers\|nts\|onbiosdisk\|onboot\|ondisk\|ondrive\|only-use\|onpart\|opts\|organization\|osname\|overprovisioning\|parent\|partition\|passphrase\|password\|pbkdf\|pbkdf-iterations\|pbkdf-memory\|pbkdf-time\|percent\|permissive\|pesize\|plaintext\|poolname\|port\|profile\|proxy\|recommended\|reconfig\|ref\|reformat\|remote\|remove-service\|reserved-percent\|reserved-space\|resize\|resolution\|resolvedeps\|retries\|reverse-password\|reverse-user\|rhsm-baseurl\|role\|romount\|root-device\|rule\|scsiid\|scsilun\|sdboot\|sectorsize\|secure-boot\|server\|server-hostname\|service\|shell\|size\|skip\|sla\|smtp\|source\|source-imgref\|spares\|ssh\|sshkey\|sslcacert\|sslclientcert\|sslclientkey\|start\|startxonboot\|stateroot\|stream\|subvol\|switch\|target\|target-imgref\|teamconfig\|teamslaves\|telnet\|thin\|thinpool\|timeout\|transport\|trust\|type\|uid\|upgrade\|url\|usage\|use-system-defaults\|useLilo\|useexisting\|usepart\|user\|username\|utc\|vckeymap\|vgname\|videoram\|vlanid\|vsync\|wepkey\|when\|wpakey\|wwpn\|xlayouts\)\>/
syntax match kickstartNumber contained /\%(=\|\s\)\@<=\d\+\>/
syntax region kickstartString contained start=/"/ skip=/\\"/ end=/"/ oneline
syntax region kickstartString contained start=/'/ end=/'/ oneline
syntax match kickstartComment /#.*/
syntax match kickstartInclude /^\s*%\%(include\|ksappend\)\>/
syntax region kickstartScript matchgroup=kickstartSection start=/^%\%(pre-install\|pre\|post\|onerror\|traceback\)\>.*$/ end=/^\s*%end\>.*$/ contains=@kickstartShell fold
syntax region kickstartPythonScript matchgroup=kickstartSection start=/^%\%(pre-install\|pre\|post\|onerror\|traceback\)\>.*--interpreter[= ]\S*python.*$/ end=/^\s*%end\>.*$/ contains=@kickstartPython fold
syntax region kickstartOther matchgroup=kickstartSection start=/^%\%(packages\|certificate\|addon\|anaconda\)\>.*$/ end=/^\s*%end\>.*$/ contains=kickstartComment,kickstartInclude fold

highlight default link kickstartCommand Keyword
highlight default link kickstartOption Identifier
highlight default link kickstartNumber Number
highlight default link kickstartString String
highlight default link kickstartComment Comment
highlight default link kickstartInclude Include
highlight default link kickstartSection PreProc

let b:current_syntax = 'kickstart'
