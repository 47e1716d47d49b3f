# The end of powercut-verb.sh, in the layer of the default entry.
lose() { say "lost $*"; cat /run/o; end 1; }
node-layout status > /run/o 2>&1; [ $? != 2 ] || lose "status cannot tell"
{complete}
node-layout verify > /run/o 2>&1 || lose "verify fails after it was completed"
find boot efi etc -iname '*.new' | grep . && lose "a file that was being written is left"
# LVM knows the permission of an active volume only, and some machines have activated the new layer before it was complete.
vgchange -q -ay {vg} > /run/o 2>&1 || lose "volumes do not activate"
# The new file systems have random UUIDs, and so the base has another checksum.
plain() { sed -E 's/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}/UUID/g; s/(node-layout:content=crc64-)[0-9a-f]+/\1/g'; }
{ lvs --noheadings -a -o lv_name,lv_tags,lv_permissions,pool_lv,origin,vg_tags {vg} | plain
  find boot efi -type d -exec stat -c '%N %a' {} + | sort
  find boot efi ! -type d -exec stat -c '%N %s %a' {} + | sort
  find boot/loader boot/grub2 -type f | sort | while read f; do echo "$f"; plain < "$f"; done
  find boot -name 'vmlinuz*' -o -name 'initramfs*' | sort | xargs md5sum; } > /run/after
after=$(md5sum < /run/after); say "after ${after%% *}"
cp /run/after /run/shared/after-${after%% *}
